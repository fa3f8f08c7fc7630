#include "core/kernels/loops.h"

namespace gemmnet::GEMMNET_INSTRUCTION_SET {

namespace {

template <typename T>
void column_sums(MatrixView<const T> m, T beta, T* sums) {
  for (std::size_t c = 0; c < m.columns; ++c) sums[c] = beta == 0 ? T{0} : beta * sums[c];
  for (std::size_t r = 0; r < m.rows; ++r) {
    const T* const row = m.data + r * m.stride;
    GEMMNET_INDEPENDENT_ITERATIONS
    for (std::size_t c = 0; c < m.columns; ++c) sums[c] += row[c];
  }
}

template <typename T>
void add(const T* from, T* to, std::size_t size) {
  GEMMNET_INDEPENDENT_ITERATIONS
  for (std::size_t i = 0; i < size; ++i) to[i] += from[i];
}

template <typename T>
void multiply(const T* factors, T* values, std::size_t size) {
  GEMMNET_INDEPENDENT_ITERATIONS
  for (std::size_t i = 0; i < size; ++i) values[i] *= factors[i];
}

template <typename T>
void scale(T factor, T* values, std::size_t size) {
  GEMMNET_INDEPENDENT_ITERATIONS
  for (std::size_t i = 0; i < size; ++i) values[i] *= factor;
}

template <typename T>
void clamp(T limit, T* values, std::size_t size) {
  GEMMNET_INDEPENDENT_ITERATIONS
  for (std::size_t i = 0; i < size; ++i) {
    const T above = values[i] < -limit ? -limit : values[i];
    values[i] = above > limit ? limit : above;
  }
}

template <typename T>
void add_penalty_gradient(T decay, T lasso, const T* weights, T* gradient, std::size_t size) {
  GEMMNET_INDEPENDENT_ITERATIONS
  for (std::size_t i = 0; i < size; ++i)
    gradient[i] += decay * weights[i] + lasso * sign(weights[i]);
}

template <typename T>
double sum_of_squares(const T* values, std::size_t size) {
  return lane_sum<double>(size, [=](std::size_t i) {
    const double value = static_cast<double>(values[i]);
    return value * value;
  });
}

template <typename T>
double sum_of_magnitudes(const T* values, std::size_t size) {
  return lane_sum<double>(size, [=](std::size_t i) {
    const double value = static_cast<double>(values[i]);
    return value < 0 ? -value : value;
  });
}

template <typename T>
std::size_t first_non_finite(const T* values, std::size_t size) {
  // x - x is 0 for finite x and NaN for the rest. Stretches first, since a branch per element
  // would not vectorize.
  constexpr std::size_t stretch = 1024;
  for (std::size_t begin = 0; begin < size; begin += stretch) {
    const std::size_t end = begin + stretch < size ? begin + stretch : size;
    const T* const first = values + begin;
    const T sum = lane_sum<T>(end - begin, [=](std::size_t i) { return first[i] - first[i]; });
    if (sum == 0) continue;
    for (std::size_t i = begin; i < end; ++i)
      if (!(values[i] - values[i] == 0)) return i;
  }
  return size;
}

template <typename T, typename From>
void convert(const From* from, T scale, T* to, std::size_t size) {
  GEMMNET_INDEPENDENT_ITERATIONS
  for (std::size_t i = 0; i < size; ++i) to[i] = static_cast<T>(from[i]) * scale;
}

template <typename T>
void dropout(const DrawRow& draws, double rate, T* factors, std::size_t size) {
  static_cast<void>(draws);
  for (std::size_t i = 0; i < size; ++i) factors[i] = static_cast<T>(1 / (1 - rate));
}

template <typename T>
void normal(const DrawRow& draws, T* values, std::size_t size) {
  static_cast<void>(draws);
  for (std::size_t i = 0; i < size; ++i) values[i] = 0;
}

}  // namespace

template <typename T>
Elementwise<T> elementwise() {
  return {&column_sums<T>,
          &add<T>,
          &multiply<T>,
          &scale<T>,
          &clamp<T>,
          &add_penalty_gradient<T>,
          &sum_of_squares<T>,
          &sum_of_magnitudes<T>,
          &first_non_finite<T>,
          &dropout<T>,
          &normal<T>,
          &convert<T, std::uint8_t>,
          &convert<T, float>,
          &convert<T, double>};
}
template Elementwise<float> elementwise();
template Elementwise<double> elementwise();

}  // namespace gemmnet::GEMMNET_INSTRUCTION_SET
