#include "core/gemm.h"

#include <cblas.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>
#include <string_view>

#include "core/work_clock.h"

namespace gemmnet {

namespace {

CBLAS_TRANSPOSE blas(Transpose transpose) {
  return transpose == Transpose::yes ? CblasTrans : CblasNoTrans;
}

blasint blas(std::size_t size) { return static_cast<blasint>(size); }

/// One call of BLAS.
template <typename T>
void multiply(Transpose transpose_a, MatrixView<const T> a, Transpose transpose_b,
              MatrixView<const T> b, T beta, MatrixView<T> c) {
  const blasint m = blas(c.rows);
  const blasint n = blas(c.columns);
  const blasint k = blas(transpose_a == Transpose::yes ? a.rows : a.columns);
  if (m == 0 || n == 0) return;
  const WorkSpan span(Work::gemm);
  if constexpr (std::is_same_v<T, float>) {
    cblas_sgemm(CblasRowMajor, blas(transpose_a), blas(transpose_b), m, n, k, T{1}, a.data,
                blas(a.stride), b.data, blas(b.stride), beta, c.data, blas(c.stride));
  } else {
    cblas_dgemm(CblasRowMajor, blas(transpose_a), blas(transpose_b), m, n, k, T{1}, a.data,
                blas(a.stride), b.data, blas(b.stride), beta, c.data, blas(c.stride));
  }
}

/// Fewer columns than this do not fill the vectors of the kernels without packing.
constexpr std::size_t fewest_columns = 32;

}  // namespace

template <typename T>
void gemm(Transpose transpose_a, MatrixView<const T> a, Transpose transpose_b,
          MatrixView<const T> b, T beta, MatrixView<T> c) {
  const std::size_t depth = transpose_a == Transpose::yes ? a.rows : a.columns;
  const std::size_t column_work = c.rows * depth;
  const std::size_t limit = std::is_same_v<T, float> ? largest_unpacked_product() : 0;
  // Packing all of b for few rows of a costs more than it saves: then several products that need
  // none, over columns of b. (Not for b transposed, where the kernels without packing are slow.)
  if (transpose_b == Transpose::no && column_work * c.columns > limit &&
      column_work * fewest_columns <= limit) {
    const std::size_t piece = limit / column_work / fewest_columns * fewest_columns;
    for (std::size_t begin = 0; begin < c.columns; begin += piece) {
      const Range columns{begin, std::min(c.columns, begin + piece)};
      multiply<T>(transpose_a, a, transpose_b, b.block({0, b.rows}, columns), beta,
                  c.block({0, c.rows}, columns));
    }
    return;
  }
  multiply(transpose_a, a, transpose_b, b, beta, c);
}

template void gemm(Transpose, MatrixView<const float>, Transpose, MatrixView<const float>, float,
                   MatrixView<float>);
template void gemm(Transpose, MatrixView<const double>, Transpose, MatrixView<const double>, double,
                   MatrixView<double>);

bool factorize_cholesky(MatrixView<double> a) {
  // Right-looking, in blocks. Not LAPACK's: OpenBLAS can be built without it.
  constexpr std::size_t block = 64;
  const std::size_t size = a.rows;
  for (std::size_t begin = 0; begin < size; begin += block) {
    const Range own{begin, std::min(size, begin + block)};
    const Range below{own.end, size};
    for (std::size_t i = own.begin; i < own.end; ++i) {
      double* const row = a.row(i);
      for (std::size_t j = own.begin; j <= i; ++j) {
        const double* const other = a.row(j);
        double sum = row[j];
        for (std::size_t k = own.begin; k < j; ++k) sum -= row[k] * other[k];
        if (j < i) {
          row[j] = sum / other[j];
        } else {
          if (!(sum > 0) || !std::isfinite(sum)) return false;
          row[j] = std::sqrt(sum);
        }
      }
    }
    if (below.size() == 0) break;
    const auto corner = a.block(own, own);
    const auto panel = a.block(below, own);
    const auto rest = a.block(below, below);
    cblas_dtrsm(CblasRowMajor, CblasRight, CblasLower, CblasTrans, CblasNonUnit, blas(panel.rows),
                blas(panel.columns), 1, corner.data, blas(corner.stride), panel.data,
                blas(panel.stride));
    cblas_dsyrk(CblasRowMajor, CblasLower, CblasNoTrans, blas(panel.rows), blas(panel.columns), -1,
                panel.data, blas(panel.stride), 1, rest.data, blas(rest.stride));
  }
  return true;
}

void solve_cholesky(MatrixView<const double> factor, double* b) {
  for (const CBLAS_TRANSPOSE transpose : {CblasNoTrans, CblasTrans})
    cblas_dtrsv(CblasRowMajor, CblasLower, transpose, CblasNonUnit, blas(factor.rows), factor.data,
                blas(factor.stride), b, 1);
}

void multiply_symmetric(MatrixView<const double> a, const double* x, double* y) {
  cblas_dsymv(CblasRowMajor, CblasLower, blas(a.rows), 1, a.data, blas(a.stride), x, 1, 0, y, 1);
}

void add_symmetric_product(double alpha, const double* x, const double* y, MatrixView<double> a) {
  cblas_dsyr2(CblasRowMajor, CblasLower, blas(a.rows), alpha, x, 1, y, 1, a.data, blas(a.stride));
}

std::size_t largest_unpacked_product() {
  // OpenBLAS, kernel/x86_64/sgemm_small_kernel_permit_skylakex.c: 100^3.
  static const std::size_t limit = [] {
    const std::string_view kernel = openblas_get_corename();
    const bool has_path =
        kernel == "SkylakeX" || kernel == "Cooperlake" || kernel == "SapphireRapids";
    return has_path ? std::size_t{1'000'000} : std::size_t{0};
  }();
  return limit;
}

BlasInfo blas_info() {
  // openblas_get_parallel: 0 is the serial build, 1 pthreads, 2 OpenMP.
  return {openblas_get_config(), openblas_get_corename(), openblas_get_parallel() != 0};
}

void initialize_blas() {
  require_thread_safe_blas(blas_info());
  set_blas_threads(1);
}

void require_thread_safe_blas(const BlasInfo& info) {
  if (info.safe_from_many_threads) return;
  throw std::runtime_error(
      std::string("This OpenBLAS (") + info.library +
      ") is a serial build, which gives wrong products when several threads call it. Install the "
      "threaded one (Debian, Ubuntu: apt-get install libopenblas0-pthread; Fedora: dnf install "
      "openblas-threads) and, where both are installed, choose it with update-alternatives.");
}

void set_blas_threads(int threads) { openblas_set_num_threads(threads); }

}  // namespace gemmnet
