#include <cassert>

#include "core/kernels/loops.h"
#include "core/kernels/vector_math.h"

namespace gemmnet::GEMMNET_INSTRUCTION_SET {

namespace {

/// Keras's backend epsilon: probabilities are clipped to [epsilon, 1 - epsilon] before a logarithm.
template <typename T>
constexpr T epsilon = T(1e-7);

/// One row of LossRows. `gradient` is null where only the value is wanted.
template <typename T>
struct Row {
  const T* input;
  T* outputs;
  const T* targets;
  const std::int32_t* label;
  T* gradient;
  T factor;  // weight times scale
  std::size_t columns;
};

/// Calls `value(row)` for each row and returns the weighted sum of what it returns.
template <typename T, typename Value>
double sum_rows(const LossRows<T>& rows, const Value& value) {
  double sum = 0;
  for (std::size_t r = 0; r < rows.input.rows; ++r) {
    const T weight = rows.weights == nullptr ? T{1} : rows.weights[r];
    const Row<T> row{
        rows.input.data + r * rows.input.stride,
        rows.outputs.data == nullptr ? nullptr : rows.outputs.data + r * rows.outputs.stride,
        rows.targets.data == nullptr ? nullptr : rows.targets.data + r * rows.targets.stride,
        rows.labels == nullptr ? nullptr : rows.labels + r,
        rows.gradient.data == nullptr ? nullptr : rows.gradient.data + r * rows.gradient.stride,
        weight * rows.scale,
        rows.input.columns};
    sum += static_cast<double>(weight) * static_cast<double>(value(row));
  }
  return sum;
}

/// The sum over a row of value(x, y), with the gradient slope(x, y) * factor, element by element.
template <typename T, typename Value, typename Slope>
T sum_elements(const Row<T>& row, T factor, const Value& value, const Slope& slope) {
  const T* const x = row.input;
  const T* const y = row.targets;
  T* const d = row.gradient;
  if (d == nullptr)
    return lane_sum<T>(row.columns, [=](std::size_t c) { return value(x[c], y[c]); });
  return lane_sum<T>(row.columns, [=](std::size_t c) {
    const T loss = value(x[c], y[c]);
    d[c] = slope(x[c], y[c]) * factor;
    return loss;
  });
}

/// Mean over rows and outputs of (a - y)^2.
template <typename T>
double mean_squared_error(const double* /*options*/, const LossRows<T>& rows) {
  return sum_rows(rows, [](const Row<T>& row) {
    const T mean = 1 / static_cast<T>(row.columns);
    return mean * sum_elements(
                      row, row.factor * mean, [](T a, T y) { return (a - y) * (a - y); },
                      [](T a, T y) { return 2 * (a - y); });
  });
}

/// The lecture's 1/2 sum over rows and outputs of (a - y)^2.
template <typename T>
double half_squared_error(const double* /*options*/, const LossRows<T>& rows) {
  return sum_rows(rows, [](const Row<T>& row) {
    return sum_elements(
        row, row.factor, [](T a, T y) { return (a - y) * (a - y) / 2; },
        [](T a, T y) { return a - y; });
  });
}

template <typename T>
inline T clip(T a) {
  const T above = a < epsilon<T> ? epsilon<T> : a;
  return above > 1 - epsilon<T> ? 1 - epsilon<T> : above;
}

template <typename T>
inline T is_inside_clip(T a) {
  return a >= epsilon<T> && a <= 1 - epsilon<T> ? T{1} : T{0};
}

/// Mean over rows and outputs of -(y log a + (1 - y) log(1 - a)), a clipped.
template <typename T>
double binary_crossentropy(const double* /*options*/, const LossRows<T>& rows) {
  return sum_rows(rows, [](const Row<T>& row) {
    const T mean = 1 / static_cast<T>(row.columns);
    return mean * sum_elements(
                      row, row.factor * mean,
                      [](T a, T y) {
                        const T p = clip(a);
                        return -(y * log(p) + (1 - y) * log(1 - p));
                      },
                      [](T a, T y) {
                        const T p = clip(a);
                        return is_inside_clip(a) * (p - y) / (p * (1 - p));
                      });
  });
}

/// The same of a = sigmoid(z): max(z, 0) - z y + log(1 + exp(-|z|)), gradient a - y.
template <typename T>
double binary_crossentropy_of_logits(const double* /*options*/, const LossRows<T>& rows) {
  return sum_rows(rows, [](const Row<T>& row) {
    const T mean = 1 / static_cast<T>(row.columns);
    const T sum = sum_elements(
        row, row.factor * mean, [](T z, T y) { return softplus(z) - z * y; },
        [](T z, T y) { return sigmoid(z) - y; });
    T* const outputs = row.outputs;
    const T* const z = row.input;
    GEMMNET_INDEPENDENT_ITERATIONS
    for (std::size_t c = 0; c < row.columns; ++c) outputs[c] = sigmoid(z[c]);
    return mean * sum;
  });
}

/// Mean over rows of -sum over classes of y log p, where p = clip(a / sum a), as Keras has it.
template <typename T>
double categorical_crossentropy(const double* /*options*/, const LossRows<T>& rows) {
  return sum_rows(rows, [](const Row<T>& row) {
    const T* const a = row.input;
    const T* const y = row.targets;
    assert(row.label != nullptr || y != nullptr);
    const auto target = [&](std::size_t c) {
      return row.label != nullptr ? T(static_cast<std::size_t>(*row.label) == c) : y[c];
    };
    T sum = 0;
    for (std::size_t c = 0; c < row.columns; ++c) sum += a[c];
    T loss = 0;
    T inner = 0;  // sum over c of dL/dp a / sum
    for (std::size_t c = 0; c < row.columns; ++c) {
      const T p = a[c] / sum;
      loss -= target(c) * log(clip(p));
      inner -= target(c) * is_inside_clip(p);
    }
    if (row.gradient != nullptr) {
      for (std::size_t c = 0; c < row.columns; ++c) {
        const T p = a[c] / sum;
        row.gradient[c] = row.factor * (-target(c) * is_inside_clip(p) / p - inner) / sum;
      }
    }
    return loss;
  });
}

/// The same of a = softmax(z): log(sum exp z) - z_y, gradient a - y.
template <typename T>
double categorical_crossentropy_of_logits(const double* /*options*/, const LossRows<T>& rows) {
  return sum_rows(rows, [](const Row<T>& row) {
    const T* const z = row.input;
    T* const a = row.outputs;
    T* const d = row.gradient;
    const T factor = row.factor;
    assert(a != nullptr && (row.label != nullptr || row.targets != nullptr));
    T largest = z[0];
    for (std::size_t c = 1; c < row.columns; ++c) largest = z[c] > largest ? z[c] : largest;

    // Taken before `a`, which may be the same memory, is written.
    T target_sum = 1;
    T target_logits = 0;  // sum of y (z - max z)
    if (row.label != nullptr) {
      target_logits = z[*row.label] - largest;
    } else {
      const T* const y = row.targets;
      target_sum = lane_sum<T>(row.columns, [=](std::size_t c) { return y[c]; });
      target_logits =
          lane_sum<T>(row.columns, [=](std::size_t c) { return y[c] * (z[c] - largest); });
    }

    const T sum = lane_sum<T>(row.columns, [=](std::size_t c) {
      a[c] = exp(z[c] - largest);
      return a[c];
    });
    GEMMNET_INDEPENDENT_ITERATIONS
    for (std::size_t c = 0; c < row.columns; ++c) a[c] /= sum;
    if (d != nullptr) {
      if (row.label != nullptr) {
        GEMMNET_INDEPENDENT_ITERATIONS
        for (std::size_t c = 0; c < row.columns; ++c) d[c] = factor * a[c];
        d[*row.label] -= factor;
      } else {
        const T* const y = row.targets;
        GEMMNET_INDEPENDENT_ITERATIONS
        for (std::size_t c = 0; c < row.columns; ++c) d[c] = factor * (target_sum * a[c] - y[c]);
      }
    }
    return target_sum * log(sum) - target_logits;
  });
}

template <typename T>
constexpr Loss<T> rows[] = {
    {"meanSquaredError",
     {},
     nullptr,
     true,
     false,
     LossDomain::any,
     false,
     &mean_squared_error<T>,
     nullptr},
    {"halfSquaredError",
     {},
     nullptr,
     false,
     false,
     LossDomain::any,
     false,
     &half_squared_error<T>,
     nullptr},
    {"binaryCrossentropy",
     {},
     "sigmoid",
     true,
     false,
     LossDomain::probabilities,
     false,
     &binary_crossentropy<T>,
     &binary_crossentropy_of_logits<T>},
    {"categoricalCrossentropy",
     {},
     "softmax",
     true,
     true,
     LossDomain::probabilities,
     false,
     &categorical_crossentropy<T>,
     &categorical_crossentropy_of_logits<T>},
};

}  // namespace

template <typename T>
Table<Loss<T>> losses() {
  return {rows<T>, sizeof(rows<T>) / sizeof(rows<T>[0])};
}
template Table<Loss<float>> losses();
template Table<Loss<double>> losses();

}  // namespace gemmnet::GEMMNET_INSTRUCTION_SET
