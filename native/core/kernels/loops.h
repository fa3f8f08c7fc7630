#pragma once

#include <cstddef>

#include "core/kernels/tables.h"

// Rules of this folder. Each .cc is compiled once per instruction set, with that set's name in
// GEMMNET_INSTRUCTION_SET and everything in a namespace of that name. A function with external
// linkage outside of it (a std:: template that is not inlined, a method of MatrixView) would exist
// once in the program, compiled for whichever set the linker met first, so the code here uses
// fields and its own loops only. There are no intrinsics: loops are written so that gcc and clang
// vectorize them.

#if defined(__clang__)
#define GEMMNET_INDEPENDENT_ITERATIONS _Pragma("clang loop vectorize(assume_safety)")
#else
#define GEMMNET_INDEPENDENT_ITERATIONS _Pragma("GCC ivdep")
#endif

namespace gemmnet::GEMMNET_INSTRUCTION_SET {

inline float square_root(float x) { return __builtin_sqrtf(x); }
inline double square_root(double x) { return __builtin_sqrt(x); }

/// -1, 0 or 1.
template <typename T>
inline T sign(T x) {
  return x > 0 ? T{1} : (x < 0 ? T{-1} : T{0});
}

/// Sum of term(0) ... term(size - 1) in a fixed order that vectorizes: sixteen running sums.
/// `term` may also write element i of something.
template <typename T, typename Term>
inline T lane_sum(std::size_t size, const Term& term) {
  constexpr std::size_t lanes = 16;
  T sums[lanes] = {};
  std::size_t i = 0;
  for (; i + lanes <= size; i += lanes) {
    GEMMNET_INDEPENDENT_ITERATIONS
    for (std::size_t lane = 0; lane < lanes; ++lane) sums[lane] += term(i + lane);
  }
  for (std::size_t lane = 0; i + lane < size; ++lane) sums[lane] += term(i + lane);
  for (std::size_t half = lanes / 2; half > 0; half /= 2)
    for (std::size_t lane = 0; lane < half; ++lane) sums[lane] += sums[lane + half];
  return sums[0];
}

}  // namespace gemmnet::GEMMNET_INSTRUCTION_SET
