#pragma once

#include "core/matrix.h"

namespace gemmnet {

enum class Transpose : bool { no, yes };

/// c = op(a) op(b) + beta c, on the calling thread. `beta` of 0 overwrites c, NaN included.
/// Safe to call from several threads at once on different c.
template <typename T>
void gemm(Transpose transpose_a, const MatrixView<const T>& a, Transpose transpose_b,
          const MatrixView<const T>& b, T beta, const MatrixView<T>& c);

/// Rows and columns of a part of a product.
struct PartSize {
  std::size_t rows = 0;
  std::size_t columns = 0;
};

/// Where it is not zero, products give each element the same bits, whichever parts of this size
/// they are asked for together: `gemm` for any number of parts that have all columns, unless a is
/// transposed, `gemm_of_parts` for any rows and columns of parts. A fact of the machine.
template <typename T>
PartSize joinable_parts();

/// gemm for some neighbouring parts of a product, the last ones maybe smaller.
template <typename T>
void gemm_of_parts(Transpose transpose_a, const MatrixView<const T>& a, Transpose transpose_b,
                   const MatrixView<const T>& b, T beta, const MatrixView<T>& c);

/// Replaces the lower triangle of `a` by that of L, where L L' is the symmetric matrix whose lower
/// triangle `a` held; leaves the upper one alone. False, and `a` is spoilt, where that matrix is
/// not positive definite to working precision, or not finite.
[[nodiscard]] bool factorize_cholesky(MatrixView<double> a);

/// Solves L L' x = b in place of b, L being what `factorize_cholesky` left.
void solve_cholesky(MatrixView<const double> factor, double* b);

/// y = A x, for the symmetric A whose lower triangle `a` holds.
void multiply_symmetric(MatrixView<const double> a, const double* x, double* y);

/// A += alpha (x y' + y x'), in the lower triangle, which is all of A that `a` holds.
void add_symmetric_product(double alpha, const double* x, const double* y, MatrixView<double> a);

/// Up to this many multiplications BLAS multiplies without packing its operands first, at full
/// speed for any shape; 0 where this machine's kernel has no such path. A fact of the machine,
/// like the kernel itself: equal on all threads.
std::size_t largest_unpacked_product();

/// What BLAS this process got.
struct BlasInfo {
  const char* library;  // "OpenBLAS 0.3.21"
  const char* kernel;   // "SkylakeX"
  bool safe_from_many_threads;
};
BlasInfo blas_info();

/// Sets BLAS to one thread, since the step brings its own, and throws std::runtime_error if this
/// build of it must not be called from several threads at once. Called once, before any gemm.
void initialize_blas();

/// What `initialize_blas` throws for; apart, so that a test can pass it another library's answer.
void require_thread_safe_blas(const BlasInfo& info);

/// Threads of one gemm call, for the whole process. Only the bench, which measures the bare calls,
/// has a reason to change it.
void set_blas_threads(int threads);

}  // namespace gemmnet
