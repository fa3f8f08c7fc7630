#include "core/gemm.h"

#include <cblas.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>
#include <string_view>

#include "core/instruction_sets.h"
#include "core/work_clock.h"

namespace gemmnet {

namespace {

CBLAS_TRANSPOSE blas(Transpose transpose) {
  return transpose == Transpose::yes ? CblasTrans : CblasNoTrans;
}

blasint blas(std::size_t size) { return static_cast<blasint>(size); }

/// One call of BLAS.
template <typename T>
void multiply(Transpose transpose_a, const MatrixView<const T>& a, Transpose transpose_b,
              const MatrixView<const T>& b, T beta, const MatrixView<T>& c) {
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

// Where BLAS multiplies small products without packing, a large one is cut into such: those for
// which a panel of b, copied or transposed to where its rows do not fall on one another in the
// cache, is multiplied with the rows of a. Measured with OpenBLAS 0.3.21's kernels for AVX-512,
// times as fast as packed: 512 x 128 x 2048 by 2064-wide rows 1.18, the same with b
// transposed 1.13, with a transposed 256 x 256 x 512 1.04.

/// Multiplications up to which it does so: kernel/x86_64/sgemm_small_kernel_permit_skylakex.c.
constexpr std::size_t most_unpacked = 1'000'000;
/// Rows of a and columns of b of one part, and its depth at most, which is what that leaves.
constexpr std::size_t part_rows = 64;
constexpr std::size_t part_columns = 128;
constexpr std::size_t part_depth = most_unpacked / (part_rows * part_columns);
/// Columns for which one depth after the other is added up: c, that wide, stays in the cache.
constexpr std::size_t group_columns = 512;
/// Elements between the rows of a panel beyond its columns: a line, so that rows of 128 columns do
/// not begin in the same sets of the cache.
constexpr std::size_t panel_gap = 16;
/// Fewer rows than this do not repay a copy of b.
constexpr std::size_t fewest_rows_for_copy = 96;
/// Elements from the first to the last of a, beyond which it lies outside an L2 cache.
constexpr std::size_t most_cached_elements = std::size_t{1} << 18;
/// Elements of c from which on packing a and b pays if a is transposed and far.
constexpr std::size_t fewest_packed_elements = 98'304;
/// Rows that are multiplied at once at least, where b need not be cut for it.
constexpr std::size_t fewest_unpacked_rows = 16;
/// Products of fewer rows are left to BLAS, unless they are small.
constexpr std::size_t fewest_rows_for_parts = 24;

/// What `columns` and `depth` choose of b, copied to the thread's panel.
template <typename T>
MatrixView<const T> copy_panel(Transpose transpose, const MatrixView<const T>& b, Range depth,
                               Range columns) {
  // Of the thread's own, so that a step need not hand one down to here.
  alignas(
      AlignedBuffer<T>::alignment) thread_local T panel[part_depth * (part_columns + panel_gap)];
  const MatrixView<T> copy(panel, depth.size(), columns.size(), columns.size() + panel_gap);
  if (transpose == Transpose::yes) {
    kernels<T>().elementwise.transpose(b.block(columns, depth), copy);
  } else {
    const MatrixView<const T> from = b.block(depth, columns);
    for (std::size_t r = 0; r < copy.rows; ++r) std::copy_n(from.row(r), copy.columns, copy.row(r));
  }
  return copy;
}

/// The calls for a part depend on its own size and the whole depth only.
template <typename T>
void multiply_in_parts(Transpose transpose_a, const MatrixView<const T>& a, Transpose transpose_b,
                       const MatrixView<const T>& b, T beta, const MatrixView<T>& c) {
  const bool a_transposed = transpose_a == Transpose::yes;
  const auto block_of_a = [&](Range rows, Range depth) {
    return a_transposed ? a.block(depth, rows) : a.block(rows, depth);
  };
  const std::size_t all_depth = a_transposed ? a.rows : a.columns;
  const bool copies = transpose_b == Transpose::yes || c.rows >= fewest_rows_for_copy;
  // Of a depth of 0 there is one part, too, which beta is for.
  const std::size_t depths = std::max<std::size_t>(1, (all_depth + part_depth - 1) / part_depth);
  for (std::size_t group = 0; group < c.columns; group += group_columns) {
    const std::size_t group_end = std::min(c.columns, group + group_columns);
    for (std::size_t d = 0; d < depths; ++d) {
      const Range depth{all_depth * d / depths, all_depth * (d + 1) / depths};
      for (std::size_t column = group; column < group_end; column += part_columns) {
        const Range columns{column, std::min(group_end, column + part_columns)};
        const MatrixView<const T> panel =
            copies ? copy_panel(transpose_b, b, depth, columns) : b.block(depth, columns);
        for (std::size_t row = 0; row < c.rows; row += part_rows) {
          const Range rows{row, std::min(c.rows, row + part_rows)};
          multiply<T>(transpose_a, block_of_a(rows, depth), Transpose::no, panel,
                      d == 0 ? beta : T{1}, c.block(rows, columns));
        }
      }
    }
  }
}

template <typename T>
std::size_t unpacked_limit() {
  return std::is_same_v<T, float> ? largest_unpacked_product() : 0;
}

}  // namespace

template <typename T>
void gemm(Transpose transpose_a, const MatrixView<const T>& a, Transpose transpose_b,
          const MatrixView<const T>& b, T beta, const MatrixView<T>& c) {
  const std::size_t limit = unpacked_limit<T>();
  if (limit == 0 || c.rows < fewest_rows_for_parts)
    return multiply(transpose_a, a, transpose_b, b, beta, c);
  const std::size_t depth = transpose_a == Transpose::yes ? a.rows : a.columns;
  if (transpose_a == Transpose::yes) {
    const bool is_far =
        a.rows * a.stride > most_cached_elements && c.rows * c.columns >= fewest_packed_elements;
    if (is_far || c.rows * c.columns * depth <= limit)
      return multiply(transpose_a, a, transpose_b, b, beta, c);
  } else if (transpose_b == Transpose::no && fewest_unpacked_rows * c.columns * depth <= limit) {
    // A share of a part's rows that has all columns and the whole depth.
    std::size_t share = part_rows;
    while (share * c.columns * depth > limit) share /= 2;
    for (std::size_t row = 0; row < c.rows; row += share) {
      const Range rows{row, std::min(c.rows, row + share)};
      multiply(transpose_a, a.row_block(rows), transpose_b, b, beta, c.row_block(rows));
    }
    return;
  }
  // A transposed b is slow without packing, too.
  multiply_in_parts(transpose_a, a, transpose_b, b, beta, c);
}

template <typename T>
PartSize joinable_parts() {
  return unpacked_limit<T>() == 0 ? PartSize{} : PartSize{part_rows, part_columns};
}
template PartSize joinable_parts<float>();
template PartSize joinable_parts<double>();

template <typename T>
void gemm_of_parts(Transpose transpose_a, const MatrixView<const T>& a, Transpose transpose_b,
                   const MatrixView<const T>& b, T beta, const MatrixView<T>& c) {
  const std::size_t limit = unpacked_limit<T>();
  if (limit == 0)
    multiply(transpose_a, a, transpose_b, b, beta, c);
  else
    multiply_in_parts(transpose_a, a, transpose_b, b, beta, c);
}
template void gemm_of_parts(Transpose, const MatrixView<const float>&, Transpose,
                            const MatrixView<const float>&, float, const MatrixView<float>&);
template void gemm_of_parts(Transpose, const MatrixView<const double>&, Transpose,
                            const MatrixView<const double>&, double, const MatrixView<double>&);

template void gemm(Transpose, const MatrixView<const float>&, Transpose,
                   const MatrixView<const float>&, float, const MatrixView<float>&);
template void gemm(Transpose, const MatrixView<const double>&, Transpose,
                   const MatrixView<const double>&, double, const MatrixView<double>&);

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
  static const std::size_t limit = [] {
    const std::string_view kernel = openblas_get_corename();
    const bool has_path =
        kernel == "SkylakeX" || kernel == "Cooperlake" || kernel == "SapphireRapids";
    return has_path ? most_unpacked : std::size_t{0};
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
