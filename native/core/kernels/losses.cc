// Over 400 lines: the table of all losses, a formula and its derivative each.
//
// Formulas are those of Keras 3 (keras/src/losses/losses.py); a are outputs, y targets, and an
// average over a row becomes a sum with `sumOutputs`. NaN in a or y reaches the value and the
// gradient: a comparison with NaN is false, so each selection below ends with what passes it on.
// Where a loss has no derivative the gradient is 0.
#include <cassert>

#include "core/kernels/loops.h"
#include "core/kernels/narrow_rows.h"
#include "core/kernels/vector_math.h"

namespace gemmnet::GEMMNET_INSTRUCTION_SET {

namespace {

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
  assert(y != nullptr);
  if (d == nullptr)
    return lane_sum<T>(row.columns, [=](std::size_t c) { return value(x[c], y[c]); });
  return lane_sum<T>(row.columns, [=](std::size_t c) {
    const T loss = value(x[c], y[c]);
    d[c] = slope(x[c], y[c]) * factor;
    return loss;
  });
}

/// The sum over rows of the average, or sum, over outputs of value(a, y), whose derivative is
/// slope(a, y).
template <typename T, typename Value, typename Slope>
double sum_outputs(const LossRows<T>& rows, bool summed, const Value& value, const Slope& slope) {
  const T share = summed ? T{1} : 1 / static_cast<T>(rows.input.columns);
  return sum_rows(rows, [&](const Row<T>& row) {
    return share * sum_elements(row, row.factor * share, value, slope);
  });
}

/// x within [low, high].
template <typename T>
inline T clamp(T x, T low, T high) {
  const T above = x < low ? low : x;
  return above > high ? high : above;
}

/// -1, 0 or 1, or NaN.
template <typename T>
inline T sign_or_nan(T x) {
  const T below = x < 0 ? T{-1} : x;
  return x > 0 ? T{1} : below;
}

/// max(x, 0), or NaN.
template <typename T>
inline T positive_part(T x) {
  return x < 0 ? T{0} : x;
}

/// What Keras calls its backend's epsilon, in the formulas that give no choice of it.
template <typename T>
constexpr T keras_epsilon = T(1e-7);

/// The one option of losses that have no other.
constexpr const char* sum_outputs_options[] = {"sumOutputs"};

/// Average over outputs of (a - y)^2, or half of it with `halved`.
enum SquaredErrorOption : std::size_t { squared_error_summed, squared_error_halved };
constexpr const char* squared_error_options[] = {"sumOutputs", "halved"};

template <typename T>
double mean_squared_error(const double* options, const LossRows<T>& rows) {
  const T factor = options[squared_error_halved] != 0 ? T(0.5) : T{1};
  return sum_outputs(
      rows, options[squared_error_summed] != 0,
      [=](T a, T y) { return factor * (a - y) * (a - y); },
      [=](T a, T y) { return 2 * factor * (a - y); });
}

/// The lecture's 1/2 sum over rows and outputs of (a - y)^2.
template <typename T>
double half_squared_error(const double* /*options*/, const LossRows<T>& rows) {
  return sum_outputs(
      rows, true, [](T a, T y) { return (a - y) * (a - y) / 2; }, [](T a, T y) { return a - y; });
}

/// Average over outputs of |a - y|.
template <typename T>
double mean_absolute_error(const double* options, const LossRows<T>& rows) {
  return sum_outputs(
      rows, options[0] != 0, [](T a, T y) { return detail::magnitude(a - y); },
      [](T a, T y) { return sign_or_nan(a - y); });
}

/// Average over outputs of e^2 / 2 where |e| <= delta, else delta |e| - delta^2 / 2; e = a - y.
/// With c = e within [-delta, delta], the slope, both are c (e - c / 2).
enum HuberOption : std::size_t { huber_delta, huber_summed };
constexpr const char* huber_options[] = {"delta", "sumOutputs"};

template <typename T>
double huber(const double* options, const LossRows<T>& rows) {
  const T delta = static_cast<T>(options[huber_delta]);
  return sum_outputs(
      rows, options[huber_summed] != 0,
      [=](T a, T y) {
        const T c = clamp(a - y, -delta, delta);
        return c * ((a - y) - c / 2);
      },
      [=](T a, T y) { return clamp(a - y, -delta, delta); });
}

/// log(cosh(e)), precise at both ends. With E = exp(-|e|), cosh(e) - 1 = (1 - E)^2 / (2 E), which
/// loses no digits near 0 and overflows far from it, where |e| - log(2) + log(1 + E^2) does the
/// reverse.
template <typename T>
inline T log_cosh_of(T e) {
  constexpr T log_2 = T(0.693147180559945309417);
  const T size = detail::magnitude(e);
  const T minus = expm1(-size);
  const T power = 1 + minus;
  const bool near = size < 1;
  const T inside = near ? minus * minus / (2 * power) : power * power;
  return log1p(inside) + (near ? T{0} : size - log_2);
}

/// Average over outputs of log(cosh(a - y)).
template <typename T>
double log_cosh(const double* options, const LossRows<T>& rows) {
  return sum_outputs(
      rows, options[0] != 0, [](T a, T y) { return log_cosh_of(a - y); },
      [](T a, T y) { return tanh(a - y); });
}

/// Average over outputs of a - y log(a + 1e-7).
template <typename T>
double poisson(const double* options, const LossRows<T>& rows) {
  return sum_outputs(
      rows, options[0] != 0, [](T a, T y) { return a - y * log(a + keras_epsilon<T>); },
      [](T a, T y) { return 1 - y / (a + keras_epsilon<T>); });
}

/// Sum over outputs of y log(y / a), both within [1e-7, 1].
template <typename T>
double kl_divergence(const double* /*options*/, const LossRows<T>& rows) {
  constexpr T low = keras_epsilon<T>;
  return sum_outputs(
      rows, true,
      [](T a, T y) {
        const T p = clamp(y, low, T{1});
        return p * log(p / clamp(a, low, T{1}));
      },
      [](T a, T y) {
        const bool clipped = (a < low) | (a > 1);
        return clipped ? T{0} : -clamp(y, low, T{1}) / a;
      });
}

/// A target of the hinge losses: -1 or 1, where 0 stands for -1. Keras converts the targets only if
/// all of a batch are 0 or 1; here a row does not depend on the others.
template <typename T>
inline T hinge_sign(T y) {
  return y == 0 ? T{-1} : y;
}

/// Average over outputs of max(1 - y a, 0).
template <typename T>
double hinge(const double* options, const LossRows<T>& rows) {
  return sum_outputs(
      rows, options[0] != 0, [](T a, T y) { return positive_part(1 - hinge_sign(y) * a); },
      [](T a, T y) {
        const T sign = hinge_sign(y);
        return -sign * sign_or_nan(positive_part(1 - sign * a));
      });
}

/// Average over outputs of max(1 - y a, 0)^2.
template <typename T>
double squared_hinge(const double* options, const LossRows<T>& rows) {
  return sum_outputs(
      rows, options[0] != 0,
      [](T a, T y) {
        const T margin = positive_part(1 - hinge_sign(y) * a);
        return margin * margin;
      },
      [](T a, T y) {
        const T sign = hinge_sign(y);
        return -2 * sign * positive_part(1 - sign * a);
      });
}

/// max(1 + max((1 - y) a) - sum y a, 0) over the classes of a row. Of equal largest outputs the
/// first has the gradient.
template <typename T>
double categorical_hinge(const double* /*options*/, const LossRows<T>& rows) {
  return sum_rows(rows, [](const Row<T>& row) {
    const T* const a = row.input;
    const T* const y = row.targets;
    assert(y != nullptr);
    const T positive = lane_sum<T>(row.columns, [=](std::size_t c) { return y[c] * a[c]; });
    std::size_t place = 0;
    T negative = (1 - y[0]) * a[0];
    for (std::size_t c = 1; c < row.columns; ++c) {
      const T product = (1 - y[c]) * a[c];
      place = product > negative ? c : place;
      negative = product > negative ? product : negative;
    }
    const T loss = positive_part(1 + negative - positive);
    if (row.gradient != nullptr) {
      T* const d = row.gradient;
      const T factor = row.factor * sign_or_nan(loss);
      GEMMNET_INDEPENDENT_ITERATIONS
      for (std::size_t c = 0; c < row.columns; ++c) d[c] = -factor * y[c];
      d[place] += factor * (1 - y[place]);
    }
    return loss;
  });
}

/// Average over outputs of q e where e = y - a is positive, else (q - 1) e.
enum QuantileOption : std::size_t { quantile_quantile, quantile_summed };
constexpr const char* quantile_options[] = {"quantile", "sumOutputs"};

template <typename T>
double quantile(const double* options, const LossRows<T>& rows) {
  const T above = static_cast<T>(options[quantile_quantile]);
  const T below = static_cast<T>(options[quantile_quantile] - 1);
  return sum_outputs(
      rows, options[quantile_summed] != 0,
      [=](T a, T y) { return (y - a) * (y < a ? below : above); },
      [=](T a, T y) { return -sign_or_nan(y - a) * (y < a ? -below : above); });
}

/// Average over outputs of (log(1 + a) - log(1 + y))^2, a and y at least 1e-7.
template <typename T>
double mean_squared_logarithmic_error(const double* options, const LossRows<T>& rows) {
  const auto difference = [](T a, T y) {
    constexpr T low = keras_epsilon<T>;
    return log1p(a < low ? low : a) - log1p(y < low ? low : y);
  };
  return sum_outputs(
      rows, options[0] != 0,
      [=](T a, T y) {
        const T e = difference(a, y);
        return e * e;
      },
      [=](T a, T y) { return a < keras_epsilon<T> ? T{0} : 2 * difference(a, y) / (1 + a); });
}

/// Probabilities within [epsilon, 1 - epsilon]: Keras's with 1e-7, scikit-learn's with the epsilon
/// of double. PyTorch holds logarithms at -100 instead, which is an epsilon of exp(-100): as a
/// float that is subnormal and has five bits, hence its logarithm in double.
template <typename T>
struct Clip {
  explicit Clip(double epsilon)
      : low(static_cast<T>(epsilon)),
        high(1 - static_cast<T>(epsilon)),
        log_low(static_cast<T>(gemmnet::GEMMNET_INSTRUCTION_SET::log(epsilon))),
        log_high(static_cast<T>(gemmnet::GEMMNET_INSTRUCTION_SET::log(static_cast<double>(high)))) {
  }

  [[nodiscard]] bool outside(T p) const { return (p <= low) | (p > high); }
  /// log(p), clipped.
  [[nodiscard]] T log(T p) const { return pick(p, gemmnet::GEMMNET_INSTRUCTION_SET::log(p)); }
  /// log(1 - p), clipped, without rounding 1 - p.
  [[nodiscard]] T log_of_rest(T p) const {
    return pick(1 - p, gemmnet::GEMMNET_INSTRUCTION_SET::log1p(-p));
  }

  T low;
  T high;
  T log_low;
  T log_high;

 private:
  [[nodiscard]] T pick(T p, T value) const {
    const T above = p <= low ? log_low : value;
    return p > high ? log_high : above;
  }
};

/// Options of both crossentropies. Smoothing moves targets towards even odds:
/// (1 - labelSmoothing) y + labelSmoothing / classes, of a binary target with two classes.
enum CrossentropyOption : std::size_t { smoothing_option, epsilon_option, crossentropy_summed };
constexpr const char* binary_options[] = {"labelSmoothing", "epsilon", "sumOutputs"};
constexpr const char* categorical_options[] = {"labelSmoothing", "epsilon"};

/// Average over outputs of -(y log a + (1 - y) log(1 - a)), a clipped, y smoothed.
template <typename T>
double binary_crossentropy(const double* options, const LossRows<T>& rows) {
  const Clip<T> clip(options[epsilon_option]);
  const T kept = static_cast<T>(1 - options[smoothing_option]);
  const T even = static_cast<T>(options[smoothing_option] / 2);
  return sum_outputs(
      rows, options[crossentropy_summed] != 0,
      [=](T a, T y) {
        const T target = kept * y + even;
        return -(target * clip.log(a) + (1 - target) * clip.log_of_rest(a));
      },
      [=](T a, T y) {
        const bool clipped = (a <= clip.low) | (1 - a <= clip.low);
        return clipped ? T{0} : (a - (kept * y + even)) / (a * (1 - a));
      });
}

/// The same of a = sigmoid(z): max(z, 0) - z y + log(1 + exp(-|z|)), gradient a - y.
template <typename T>
double binary_crossentropy_of_logits(const double* options, const LossRows<T>& rows) {
  const T kept = static_cast<T>(1 - options[smoothing_option]);
  const T even = static_cast<T>(options[smoothing_option] / 2);
  const T share = options[crossentropy_summed] != 0 ? T{1} : 1 / static_cast<T>(rows.input.columns);
  return sum_rows(rows, [&](const Row<T>& row) {
    const T* const z = row.input;
    const T* const y = row.targets;
    T* const a = row.outputs;
    T* const d = row.gradient;
    assert(a != nullptr && y != nullptr);
    // max(z, 0) - z y comes first: of a large logit that is right nothing remains of it.
    const auto value = [=](T logit, T target) {
      return (positive_part(logit) - logit * target) + softplus(-detail::magnitude(logit));
    };
    // a may be the same memory as z: element c is read before it is written.
    if (d == nullptr)
      return share * lane_sum<T>(row.columns, [=](std::size_t c) {
               const T logit = z[c];
               a[c] = sigmoid(logit);
               return value(logit, kept * y[c] + even);
             });
    const T factor = row.factor * share;
    return share * lane_sum<T>(row.columns, [=](std::size_t c) {
             const T logit = z[c];
             const T target = kept * y[c] + even;
             const T output = sigmoid(logit);
             a[c] = output;
             d[c] = (output - target) * factor;
             return value(logit, target);
           });
  });
}

/// A row of categorical_crossentropy with target(c), smoothed, as the target of class c.
template <typename T, typename Target>
T categorical_row(const Row<T>& row, const Clip<T>& clip_of_rows, const Target& target) {
  const Clip<T> clip = clip_of_rows;
  const T* const a = row.input;
  T* const d = row.gradient;
  const T sum = lane_sum<T>(row.columns, [=](std::size_t c) { return a[c]; });
  const T loss =
      lane_sum<T>(row.columns, [=](std::size_t c) { return -target(c) * clip.log(a[c] / sum); });
  if (d != nullptr) {
    const T inner = lane_sum<T>(row.columns, [=](std::size_t c) {
      const T y = target(c);
      return clip.outside(a[c] / sum) ? T{0} : y;
    });
    const T factor = row.factor / sum;
    GEMMNET_INDEPENDENT_ITERATIONS
    for (std::size_t c = 0; c < row.columns; ++c) {
      const T p = a[c] / sum;
      const T slope = target(c) / p;
      d[c] = factor * (inner - (clip.outside(p) ? T{0} : slope));
    }
  }
  return loss;
}

/// Sum over classes of -y log p, where p = a / sum a, clipped, and y is smoothed.
template <typename T>
double categorical_crossentropy(const double* options, const LossRows<T>& rows) {
  const Clip<T> clip(options[epsilon_option]);
  const T kept = static_cast<T>(1 - options[smoothing_option]);
  const T even =
      static_cast<T>(options[smoothing_option] / static_cast<double>(rows.input.columns));
  return sum_rows(rows, [&](const Row<T>& row) {
    assert(row.label != nullptr || row.targets != nullptr);
    if (row.label != nullptr) {
      const std::size_t label = static_cast<std::size_t>(*row.label);
      const T certain = kept + even;
      return categorical_row(row, clip, [=](std::size_t c) { return c == label ? certain : even; });
    }
    const T* const y = row.targets;
    assert(y != nullptr);
    return categorical_row(row, clip, [=](std::size_t c) { return kept * y[c] + even; });
  });
}

/// The largest number of a row, in sixteen running ones. A NaN may be passed over.
template <typename T>
inline T largest_of(const T* x, std::size_t size) {
  constexpr std::size_t lanes = 16;
  T largest = x[0];
  std::size_t i = 1;
  if (size >= lanes) {
    T running[lanes];
    for (std::size_t lane = 0; lane < lanes; ++lane) running[lane] = x[lane];
    for (i = lanes; i + lanes <= size; i += lanes) {
      GEMMNET_INDEPENDENT_ITERATIONS
      for (std::size_t lane = 0; lane < lanes; ++lane)
        running[lane] = x[i + lane] > running[lane] ? x[i + lane] : running[lane];
    }
    for (std::size_t half = lanes / 2; half > 0; half /= 2)
      for (std::size_t lane = 0; lane < half; ++lane)
        running[lane] = running[lane + half] > running[lane] ? running[lane + half] : running[lane];
    largest = running[0];
  }
  for (; i < size; ++i) largest = x[i] > largest ? x[i] : largest;
  return largest;
}

/// Rows first ... first + count - 1 of categorical_crossentropy_of_logits, at most sixteen narrow
/// ones. Returns the weighted sum of their losses.
template <typename T>
double narrow_categorical_rows(const LossRows<T>& rows, std::size_t first, std::size_t count,
                               T smoothing) {
  const std::size_t classes = rows.input.columns;
  assert(rows.outputs.columns == classes);
  assert(rows.gradient.data == nullptr || rows.gradient.columns == classes);
  const T kept = 1 - smoothing;
  const T even = smoothing / static_cast<T>(classes);
  NarrowRows<T> a;
  NarrowRows<T> y;
  a.load(rows.input, first, count);
  if (rows.labels == nullptr) {
    y.load(rows.targets, first, count);
  } else {
    RowLanes<T> labels;
    fill_lanes<T>(labels, count, [=](std::size_t lane) { return rows.labels[first + lane]; });
    for (std::size_t c = 0; c < classes; ++c)
      y.columns[c] = labels == static_cast<T>(c) ? RowLanes<T>{} + 1 : RowLanes<T>{};
  }
  RowLanes<T> weights = RowLanes<T>{} + 1;
  if (rows.weights != nullptr)
    fill_lanes<T>(weights, count, [=](std::size_t lane) { return rows.weights[first + lane]; });

  RowLanes<T> largest;
  a.find_largest(classes, largest);
  RowLanes<T> sum{};
  RowLanes<T> target_sum{};
  RowLanes<T> target_logits{};  // sum of y (z - max z)
  for (std::size_t c = 0; c < classes; ++c) {
    const RowLanes<T> target = kept * y.columns[c] + even;
    const RowLanes<T> logit = a.columns[c] - largest;
    // A logit of -infinity that is not asked for is no loss.
    target_logits += target == 0 ? RowLanes<T>{} : target * logit;
    target_sum += target;
    y.columns[c] = target;
    a.columns[c] = logit;
    each_lane<T>(a.columns[c], [](T x) { return exp(x); });
    sum += a.columns[c];
  }
  RowLanes<T> log_sum = sum;
  each_lane<T>(log_sum, [](T x) { return log(x); });
  const RowLanes<T> losses = target_sum * log_sum - target_logits;
  const double total = lane_sum<double>(count, [=](std::size_t lane) {
    return static_cast<double>(weights[lane]) * static_cast<double>(losses[lane]);
  });

  const RowLanes<T> factor = weights * rows.scale;
  for (std::size_t c = 0; c < classes; ++c) {
    a.columns[c] /= sum;
    y.columns[c] = factor * (target_sum * a.columns[c] - y.columns[c]);
  }
  a.store(rows.outputs, first, count);
  if (rows.gradient.data != nullptr) y.store(rows.gradient, first, count);
  return total;
}

/// The same of a = softmax(z): log(sum exp z) - z_y, gradient a - y.
template <typename T>
double categorical_crossentropy_of_logits(const double* options, const LossRows<T>& rows) {
  const bool smoothed = options[smoothing_option] != 0;
  const T smoothing = static_cast<T>(options[smoothing_option]);
  const T kept = static_cast<T>(1 - options[smoothing_option]);
  const T even =
      static_cast<T>(options[smoothing_option] / static_cast<double>(rows.input.columns));
  if (rows.input.columns < narrow_columns) {
    double sum = 0;
    each_group(rows.input.rows, [&](std::size_t first, std::size_t count) {
      sum += narrow_categorical_rows(rows, first, count, smoothing);
    });
    return sum;
  }
  return sum_rows(rows, [&](const Row<T>& row) {
    const T* const z = row.input;
    T* const a = row.outputs;
    T* const d = row.gradient;
    const T factor = row.factor;
    assert(a != nullptr && (row.label != nullptr || row.targets != nullptr));
    const T largest = largest_of(z, row.columns);

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
    if (smoothed) {
      target_sum = kept * target_sum + smoothing;
      target_logits = kept * target_logits + even * lane_sum<T>(row.columns, [=](std::size_t c) {
                                               return z[c] - largest;
                                             });
    }

    const T sum = lane_sum<T>(row.columns, [=](std::size_t c) {
      a[c] = exp(z[c] - largest);
      return a[c];
    });
    if (d == nullptr) {
      GEMMNET_INDEPENDENT_ITERATIONS
      for (std::size_t c = 0; c < row.columns; ++c) a[c] /= sum;
    } else if (row.label != nullptr) {
      GEMMNET_INDEPENDENT_ITERATIONS
      for (std::size_t c = 0; c < row.columns; ++c) {
        const T p = a[c] / sum;
        a[c] = p;
        d[c] = factor * (p - even);
      }
      d[*row.label] -= factor * kept;
    } else {
      const T* const y = row.targets;
      assert(y != nullptr);
      GEMMNET_INDEPENDENT_ITERATIONS
      for (std::size_t c = 0; c < row.columns; ++c) {
        const T p = a[c] / sum;
        a[c] = p;
        d[c] = factor * (target_sum * p - (kept * y[c] + even));
      }
    }
    return target_sum * log(sum) - target_logits;
  });
}

template <std::size_t Count>
constexpr OptionNames name(const char* const (&names)[Count]) {
  return {names, Count};
}

enum Smoothness : bool { smooth = false, kinked = true };

/// A row for the average over rows of `value`, which takes dense targets and has no closed form
/// with an activation.
template <typename T>
constexpr Loss<T> averaged(const char* of, OptionNames options, LossDomain domain,
                           Smoothness smoothness,
                           double (*value)(const double*, const LossRows<T>&)) {
  return {of, options, nullptr, true, false, false, domain, smoothness == kinked, value, nullptr};
}

using enum LossDomain;

// Smooth means a derivative everywhere in the domain, not a second one.
template <typename T>
constexpr Loss<T> rows[] = {
    {"meanSquaredError", name(squared_error_options), nullptr, true, true, false, any, false,
     &mean_squared_error<T>, nullptr},
    {"halfSquaredError",
     {},
     nullptr,
     false,
     true,
     false,
     any,
     false,
     &half_squared_error<T>,
     nullptr},
    averaged<T>("meanAbsoluteError", name(sum_outputs_options), any, kinked, &mean_absolute_error),
    averaged<T>("huber", name(huber_options), any, smooth, &huber),
    averaged<T>("logCosh", name(sum_outputs_options), any, smooth, &log_cosh),
    averaged<T>("quantile", name(quantile_options), any, kinked, &quantile),
    averaged<T>("meanSquaredLogarithmicError", name(sum_outputs_options), positive, smooth,
                &mean_squared_logarithmic_error),
    averaged<T>("poisson", name(sum_outputs_options), positive, smooth, &poisson),
    averaged<T>("klDivergence", {}, probabilities, smooth, &kl_divergence),
    averaged<T>("hinge", name(sum_outputs_options), any, kinked, &hinge),
    averaged<T>("squaredHinge", name(sum_outputs_options), any, smooth, &squared_hinge),
    averaged<T>("categoricalHinge", {}, any, kinked, &categorical_hinge),
    {"binaryCrossentropy", name(binary_options), "sigmoid", true, false, false, probabilities,
     false, &binary_crossentropy<T>, &binary_crossentropy_of_logits<T>},
    {"categoricalCrossentropy", name(categorical_options), "softmax", true, false, true,
     probabilities, false, &categorical_crossentropy<T>, &categorical_crossentropy_of_logits<T>},
};

}  // namespace

template <typename T>
Table<Loss<T>> losses() {
  return {rows<T>, sizeof(rows<T>) / sizeof(rows<T>[0])};
}
template Table<Loss<float>> losses();
template Table<Loss<double>> losses();

}  // namespace gemmnet::GEMMNET_INSTRUCTION_SET
