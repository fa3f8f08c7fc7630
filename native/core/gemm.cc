#include "core/gemm.h"

#include <cblas.h>

#include <stdexcept>
#include <string>

namespace gemmnet {

namespace {

CBLAS_TRANSPOSE blas(Transpose transpose) {
  return transpose == Transpose::yes ? CblasTrans : CblasNoTrans;
}

blasint blas(std::size_t size) { return static_cast<blasint>(size); }

}  // namespace

template <typename T>
void gemm(Transpose transpose_a, MatrixView<const T> a, Transpose transpose_b,
          MatrixView<const T> b, T beta, MatrixView<T> c) {
  const blasint m = blas(c.rows);
  const blasint n = blas(c.columns);
  const blasint k = blas(transpose_a == Transpose::yes ? a.rows : a.columns);
  if (m == 0 || n == 0) return;
  if constexpr (std::is_same_v<T, float>) {
    cblas_sgemm(CblasRowMajor, blas(transpose_a), blas(transpose_b), m, n, k, T{1}, a.data,
                blas(a.stride), b.data, blas(b.stride), beta, c.data, blas(c.stride));
  } else {
    cblas_dgemm(CblasRowMajor, blas(transpose_a), blas(transpose_b), m, n, k, T{1}, a.data,
                blas(a.stride), b.data, blas(b.stride), beta, c.data, blas(c.stride));
  }
}

template void gemm(Transpose, MatrixView<const float>, Transpose, MatrixView<const float>, float,
                   MatrixView<float>);
template void gemm(Transpose, MatrixView<const double>, Transpose, MatrixView<const double>, double,
                   MatrixView<double>);

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
