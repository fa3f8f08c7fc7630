#include "core/kernels/loops.h"
#include "core/kernels/vector_math.h"

namespace gemmnet::GEMMNET_INSTRUCTION_SET {

namespace {

template <typename T, typename Function>
void forward_elements(const double* /*options*/, MatrixView<T> z, const T* bias, MatrixView<T> a) {
  constexpr Function f{};
  for (std::size_t r = 0; r < z.rows; ++r) {
    T* const z_row = z.data + r * z.stride;
    T* const a_row = a.data + r * a.stride;
    if (bias == nullptr) {
      GEMMNET_INDEPENDENT_ITERATIONS
      for (std::size_t c = 0; c < z.columns; ++c) a_row[c] = f(z_row[c]);
    } else if (z.data == a.data) {
      GEMMNET_INDEPENDENT_ITERATIONS
      for (std::size_t c = 0; c < z.columns; ++c) z_row[c] = f(z_row[c] + bias[c]);
    } else {
      GEMMNET_INDEPENDENT_ITERATIONS
      for (std::size_t c = 0; c < z.columns; ++c) {
        const T sum = z_row[c] + bias[c];
        z_row[c] = sum;
        a_row[c] = f(sum);
      }
    }
  }
}

template <typename T, typename Slope>
void backward_elements(const double* /*options*/, MatrixView<const T> /*z*/, MatrixView<const T> a,
                       MatrixView<T> d) {
  constexpr Slope slope{};
  for (std::size_t r = 0; r < d.rows; ++r) {
    const T* const a_row = a.data + r * a.stride;
    T* const d_row = d.data + r * d.stride;
    GEMMNET_INDEPENDENT_ITERATIONS
    for (std::size_t c = 0; c < d.columns; ++c) d_row[c] *= slope(a_row[c]);
  }
}

enum Smoothness : bool { smooth = false, kinked = true };

/// A row for a = f(z), da/dz = slope(a), element by element.
template <typename T, typename Function, typename Slope>
constexpr Activation<T> elementwise(const char* name, Smoothness smoothness, Function /*f*/,
                                    Slope /*slope*/) {
  return {name,
          {},
          false,
          false,
          smoothness == kinked,
          &forward_elements<T, Function>,
          &backward_elements<T, Slope>};
}

/// a = exp(z - max z) / sum exp(z - max z), in each row.
template <typename T>
void softmax_forward(const double* /*options*/, MatrixView<T> z, const T* bias, MatrixView<T> a) {
  for (std::size_t r = 0; r < z.rows; ++r) {
    T* const z_row = z.data + r * z.stride;
    T* const a_row = a.data + r * a.stride;
    if (bias != nullptr) {
      GEMMNET_INDEPENDENT_ITERATIONS
      for (std::size_t c = 0; c < z.columns; ++c) z_row[c] += bias[c];
    }
    T largest = z_row[0];
    for (std::size_t c = 1; c < z.columns; ++c) largest = z_row[c] > largest ? z_row[c] : largest;
    const T sum = lane_sum<T>(z.columns, [=](std::size_t c) {
      a_row[c] = exp(z_row[c] - largest);
      return a_row[c];
    });
    GEMMNET_INDEPENDENT_ITERATIONS
    for (std::size_t c = 0; c < z.columns; ++c) a_row[c] /= sum;
  }
}

/// dC/dz = a (dC/da - sum(dC/da a)), in each row.
template <typename T>
void softmax_backward(const double* /*options*/, MatrixView<const T> /*z*/, MatrixView<const T> a,
                      MatrixView<T> d) {
  for (std::size_t r = 0; r < d.rows; ++r) {
    const T* const a_row = a.data + r * a.stride;
    T* const d_row = d.data + r * d.stride;
    const T product = lane_sum<T>(d.columns, [=](std::size_t c) { return d_row[c] * a_row[c]; });
    GEMMNET_INDEPENDENT_ITERATIONS
    for (std::size_t c = 0; c < d.columns; ++c) d_row[c] = a_row[c] * (d_row[c] - product);
  }
}

// relu is written so that NaN passes through: a comparison with NaN is false.
template <typename T>
constexpr Activation<T> rows[] = {
    elementwise<T>(
        "linear", smooth, [](T z) { return z; }, [](T) { return T{1}; }),
    elementwise<T>(
        "sigmoid", smooth, [](T z) { return sigmoid(z); }, [](T a) { return a * (1 - a); }),
    elementwise<T>(
        "tanh", smooth, [](T z) { return tanh(z); }, [](T a) { return 1 - a * a; }),
    elementwise<T>(
        "relu", kinked, [](T z) { return z < 0 ? T{0} : z; },
        [](T a) { return a > 0 ? T{1} : T{0}; }),
    {"softmax", {}, true, false, false, &softmax_forward<T>, &softmax_backward<T>},
};

}  // namespace

template <typename T>
Table<Activation<T>> activations() {
  return {rows<T>, sizeof(rows<T>) / sizeof(rows<T>[0])};
}
template Table<Activation<float>> activations();
template Table<Activation<double>> activations();

}  // namespace gemmnet::GEMMNET_INSTRUCTION_SET
