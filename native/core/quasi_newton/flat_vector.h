#pragma once

#include <cmath>
#include <cstddef>
#include <limits>
#include <span>

namespace gemmnet {

/// Sum of term(0) ... term(size - 1) in double and in an order that depends on `size` only: eight
/// running sums, which is also faster than one.
template <typename Term>
double ordered_sum(std::size_t size, const Term& term) {
  constexpr std::size_t lanes = 8;
  double sums[lanes] = {};
  std::size_t i = 0;
  for (; i + lanes <= size; i += lanes)
    for (std::size_t lane = 0; lane < lanes; ++lane) sums[lane] += term(i + lane);
  for (std::size_t lane = 0; i + lane < size; ++lane) sums[lane] += term(i + lane);
  for (std::size_t half = lanes / 2; half > 0; half /= 2)
    for (std::size_t lane = 0; lane < half; ++lane) sums[lane] += sums[lane + half];
  return sums[0];
}

/// a'b, in double for vectors of float too.
template <typename A, typename B>
double dot(std::span<A> a, std::span<B> b) {
  return ordered_sum(a.size(), [&](std::size_t i) {
    return static_cast<double>(a[i]) * static_cast<double>(b[i]);
  });
}

/// The largest magnitude of `values`; NaN if any of them is.
template <typename A>
double largest_magnitude(std::span<A> values) {
  double largest = 0;
  for (const auto value : values) {
    const double magnitude = std::abs(static_cast<double>(value));
    if (magnitude > largest || std::isnan(magnitude)) largest = magnitude;
  }
  return largest;
}

/// Half the distance from one to the next T: what one operation rounds by, relative to its result.
template <typename T>
constexpr double rounding = static_cast<double>(std::numeric_limits<T>::epsilon()) / 2;

}  // namespace gemmnet
