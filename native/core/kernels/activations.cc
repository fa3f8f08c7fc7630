// Over 400 lines: the table of all activations, a formula and its derivative each.
#include <cassert>

#include "core/kernels/loops.h"
#include "core/kernels/narrow_rows.h"
#include "core/kernels/vector_math.h"

namespace gemmnet::GEMMNET_INSTRUCTION_SET {

namespace {

// Each row stands as formula and derivative in the table at the end. What a derivative is made of
// decides whether the row reads z: `a` will do where nothing is lost (softplus' = 1 - e^-a), where
// the loss is beside 1 (tanh' = 1 - a^2), or where only a's sign counts; else z has to be kept.

template <typename T, typename Function>
[[gnu::always_inline]] inline void forward_loop(MatrixView<T> z, const T* bias, MatrixView<T> a,
                                                const Function& f) {
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

/// `from` is z or a, whichever `slope` is a function of.
template <typename T, typename Slope>
[[gnu::always_inline]] inline void backward_loop(MatrixView<const T> from, MatrixView<T> d,
                                                 const Slope& slope) {
  // Rows without gaps are one long row.
  const bool contiguous = from.stride == d.columns && d.stride == d.columns;
  const std::size_t rows = contiguous ? 1 : d.rows;
  const std::size_t columns = contiguous ? d.rows * d.columns : d.columns;
  for (std::size_t r = 0; r < rows; ++r) {
    const T* const from_row = from.data + r * from.stride;
    T* const d_row = d.data + r * d.stride;
    GEMMNET_INDEPENDENT_ITERATIONS
    for (std::size_t c = 0; c < columns; ++c) d_row[c] *= slope(from_row[c]);
  }
}

template <typename T, typename Function>
void forward_elements(const double* /*options*/, const MatrixView<T>& z, const T* bias,
                      const MatrixView<T>& a) {
  forward_loop(z, bias, a, Function{});
}

template <typename T, bool ReadsInput, typename Slope>
void backward_elements(const double* /*options*/, const MatrixView<const T>& z,
                       const MatrixView<const T>& a, const MatrixView<T>& d) {
  backward_loop(ReadsInput ? z : a, d, Slope{});
}

/// The same for functions of an element and the row's one option.
template <typename T, typename Function>
void forward_option(const double* options, const MatrixView<T>& z, const T* bias,
                    const MatrixView<T>& a) {
  const T option = static_cast<T>(options[0]);
  forward_loop(z, bias, a, [=](T x) { return Function{}(x, option); });
}

template <typename T, bool ReadsInput, typename Slope>
void backward_option(const double* options, const MatrixView<const T>& z,
                     const MatrixView<const T>& a, const MatrixView<T>& d) {
  const T option = static_cast<T>(options[0]);
  backward_loop(ReadsInput ? z : a, d, [=](T x) { return Slope{}(x, option); });
}

enum Smoothness : bool { smooth = false, kinked = true };
enum SlopeOf : bool { slope_of_a = false, slope_of_z = true };

/// A row for a = f(z) and da/dz = slope(a), or slope(z), element by element.
template <typename T, SlopeOf Of = slope_of_a, typename Function, typename Slope>
constexpr Activation<T> elementwise(const char* name, Smoothness smoothness, Function /*f*/,
                                    Slope /*slope*/) {
  return {name,
          {},
          false,
          Of == slope_of_z,
          smoothness == kinked,
          &forward_elements<T, Function>,
          &backward_elements < T,
          Of == slope_of_z,
          Slope > };
}

/// The same for f(z, option), slope(a, option).
template <typename T, SlopeOf Of, typename Function, typename Slope>
constexpr Activation<T> elementwise(const char* name, const char* const& option,
                                    Smoothness smoothness, Function /*f*/, Slope /*slope*/) {
  return {name,
          {&option, 1},
          false,
          Of == slope_of_z,
          smoothness == kinked,
          &forward_option<T, Function>,
          &backward_option < T,
          Of == slope_of_z,
          Slope > };
}

/// factor z for a factor that goes to 0 faster than any z grows: 0 also at infinity.
template <typename T>
inline T times_vanishing(T z, T factor) {
  return factor == 0 ? T{0} : factor * z;
}

/// sigmoid(z) and its derivative, each accurate relative to itself at both ends.
template <typename T>
struct Logistic {
  T value;
  T slope;
};

template <typename T>
inline Logistic<T> logistic(T z) {
  const T e = exp(-detail::magnitude(z));
  const T larger = 1 / (1 + e);
  const T smaller = e * larger;
  return {z < 0 ? smaller : larger, smaller * larger};
}

template <typename T>
inline T silu(T z) {
  return times_vanishing(z, sigmoid(z));
}

template <typename T>
inline T silu_slope(T z) {
  const Logistic<T> s = logistic(z);
  return s.value + times_vanishing(z, s.slope);
}

/// tanh(log(1 + e^z)) is numerator / denominator, in terms of e = e^-|z|.
template <typename T>
struct Mish {
  T e;
  T numerator;
  T denominator;
};

template <typename T>
inline Mish<T> mish_terms(T z) {
  const T e = exp(-detail::magnitude(z));
  const T numerator = z < 0 ? e * (e + 2) : 1 + 2 * e;
  return {e, numerator, numerator + (z < 0 ? T{2} : 2 * (e * e))};
}

template <typename T>
inline T mish(T z) {
  const Mish<T> terms = mish_terms(z);
  return times_vanishing(z, terms.numerator / terms.denominator);
}

/// With t = tanh(softplus z): t + z (1 - t^2) sigmoid(z), where (1 - t^2) sigmoid(z) is
/// 4 e (1 + e) / denominator^2 below 0 and e times that above.
template <typename T>
inline T mish_slope(T z) {
  const Mish<T> terms = mish_terms(z);
  const T inverse = 1 / terms.denominator;
  const T below = 4 * terms.e * (1 + terms.e) * (inverse * inverse);
  return terms.numerator * inverse + times_vanishing(z, z < 0 ? below : terms.e * below);
}

/// z (1 + tanh u) / 2 = z sigmoid(2 u) with u = sqrt(2 / pi) (z + 0.044715 z^3): D. Hendrycks and
/// K. Gimpel, "Gaussian error linear units", 2016.
template <typename T>
struct ApproximateGelu {
  static constexpr T linear = static_cast<T>(1.5957691216057307117598);  // 2 sqrt(2 / pi)
  static constexpr T cubic = static_cast<T>(0.044715) * linear;

  static T value(T z) { return times_vanishing(z, sigmoid(z * (linear + cubic * (z * z)))); }
  static T slope(T z) {
    const T square = z * z;
    const Logistic<T> s = logistic(z * (linear + cubic * square));
    return s.value + times_vanishing(z * (linear + 3 * cubic * square), s.slope);
  }
};

/// z Phi(z), Phi being the standard normal distribution function.
template <typename T>
struct ExactGelu {
  static T value(T z) { return times_vanishing(z, normal_distribution(z).cumulative); }
  static T slope(T z) {
    const NormalDistribution<T> normal = normal_distribution(z);
    return normal.cumulative + times_vanishing(z, normal.density);
  }
};

template <typename T>
void gelu_forward(const double* options, const MatrixView<T>& z, const T* bias,
                  const MatrixView<T>& a) {
  if (options[0] != 0)
    forward_loop(z, bias, a, [](T x) { return ApproximateGelu<T>::value(x); });
  else
    forward_loop(z, bias, a, [](T x) { return ExactGelu<T>::value(x); });
}

template <typename T>
void gelu_backward(const double* options, const MatrixView<const T>& z,
                   const MatrixView<const T>& /*a*/, const MatrixView<T>& d) {
  if (options[0] != 0)
    backward_loop(z, d, [](T x) { return ApproximateGelu<T>::slope(x); });
  else
    backward_loop(z, d, [](T x) { return ExactGelu<T>::slope(x); });
}

/// z += bias; the largest z.
template <typename T>
inline T add_bias_and_find_largest(T* z, const T* bias, std::size_t size) {
  if (bias != nullptr) {
    GEMMNET_INDEPENDENT_ITERATIONS
    for (std::size_t c = 0; c < size; ++c) z[c] += bias[c];
  }
  T largest = z[0];
  for (std::size_t c = 1; c < size; ++c) largest = z[c] > largest ? z[c] : largest;
  return largest;
}

/// softmax_forward of at most sixteen narrow rows.
template <typename T>
void narrow_softmax_rows(MatrixView<T> z, const T* bias, MatrixView<T> a, std::size_t first,
                         std::size_t count) {
  assert(a.columns == z.columns);
  NarrowRows<T> rows;
  rows.load(z, first, count);
  if (bias != nullptr) {
    for (std::size_t c = 0; c < z.columns; ++c) rows.columns[c] += bias[c];
    rows.store(z, first, count);
  }
  RowLanes<T> largest;
  rows.find_largest(z.columns, largest);
  RowLanes<T> sum{};
  for (std::size_t c = 0; c < z.columns; ++c) {
    rows.columns[c] -= largest;
    each_lane<T>(rows.columns[c], [](T x) { return exp(x); });
    sum += rows.columns[c];
  }
  for (std::size_t c = 0; c < z.columns; ++c) rows.columns[c] /= sum;
  rows.store(a, first, count);
}

/// a = exp(z - max z) / sum exp(z - max z), in each row.
template <typename T>
void softmax_forward(const double* /*options*/, const MatrixView<T>& z, const T* bias,
                     const MatrixView<T>& a) {
  if (z.columns < narrow_columns) {
    each_group(z.rows, [=](std::size_t first, std::size_t count) {
      narrow_softmax_rows(z, bias, a, first, count);
    });
    return;
  }
  for (std::size_t r = 0; r < z.rows; ++r) {
    T* const z_row = z.data + r * z.stride;
    T* const a_row = a.data + r * a.stride;
    const T largest = add_bias_and_find_largest(z_row, bias, z.columns);
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
void softmax_backward(const double* /*options*/, const MatrixView<const T>& /*z*/,
                      const MatrixView<const T>& a, const MatrixView<T>& d) {
  for (std::size_t r = 0; r < d.rows; ++r) {
    const T* const a_row = a.data + r * a.stride;
    T* const d_row = d.data + r * d.stride;
    const T product = lane_sum<T>(d.columns, [=](std::size_t c) { return d_row[c] * a_row[c]; });
    GEMMNET_INDEPENDENT_ITERATIONS
    for (std::size_t c = 0; c < d.columns; ++c) d_row[c] = a_row[c] * (d_row[c] - product);
  }
}

/// a = z - max z - log sum exp(z - max z), in each row.
template <typename T>
void log_softmax_forward(const double* /*options*/, const MatrixView<T>& z, const T* bias,
                         const MatrixView<T>& a) {
  for (std::size_t r = 0; r < z.rows; ++r) {
    T* const z_row = z.data + r * z.stride;
    T* const a_row = a.data + r * a.stride;
    const T largest = add_bias_and_find_largest(z_row, bias, z.columns);
    const T log_sum =
        log(lane_sum<T>(z.columns, [=](std::size_t c) { return exp(z_row[c] - largest); }));
    GEMMNET_INDEPENDENT_ITERATIONS
    for (std::size_t c = 0; c < z.columns; ++c) a_row[c] = (z_row[c] - largest) - log_sum;
  }
}

/// dC/dz = dC/da - e^a sum(dC/da), in each row.
template <typename T>
void log_softmax_backward(const double* /*options*/, const MatrixView<const T>& /*z*/,
                          const MatrixView<const T>& a, const MatrixView<T>& d) {
  for (std::size_t r = 0; r < d.rows; ++r) {
    const T* const a_row = a.data + r * a.stride;
    T* const d_row = d.data + r * d.stride;
    const T sum = lane_sum<T>(d.columns, [=](std::size_t c) { return d_row[c]; });
    GEMMNET_INDEPENDENT_ITERATIONS
    for (std::size_t c = 0; c < d.columns; ++c) d_row[c] -= exp(a_row[c]) * sum;
  }
}

constexpr const char* slope_option = "slope";
constexpr const char* alpha_option = "alpha";
constexpr const char* approximate_option = "approximate";

// G. Klambauer and others, "Self-normalizing neural networks", 2017.
constexpr double selu_alpha = 1.6732632423543772848170429916717;
constexpr double selu_scale = 1.0507009873554804934193349852946;
template <typename T>
constexpr T selu_above = static_cast<T>(selu_scale);
template <typename T>
constexpr T selu_below = static_cast<T>(selu_scale * selu_alpha);

// Conditions are written so that NaN passes through: a comparison with NaN is false. At a kink the
// derivative is the one that PyTorch takes.
template <typename T>
constexpr Activation<T> rows[] = {
    elementwise<T>(
        "linear", smooth, [](T z) { return z; }, [](T) { return T{1}; }),
    elementwise<T>(
        "sigmoid", smooth, [](T z) { return sigmoid(z); }, [](T a) { return a * (1 - a); }),
    elementwise<T>(
        "hardSigmoid", kinked,
        // Not z / 6 + 1 / 2, which would lose what is left of z near -3.
        [](T z) {
          const T line = (z + 3) / 6;
          return line < 0 ? T{0} : (line > 1 ? T{1} : line);
        },
        [](T a) { return a > 0 && a < 1 ? T{1} / 6 : T{0}; }),
    elementwise<T>(
        "tanh", smooth, [](T z) { return tanh(z); }, [](T a) { return 1 - a * a; }),
    elementwise<T>(
        "relu", kinked, [](T z) { return z < 0 ? T{0} : z; },
        [](T a) { return a > 0 ? T{1} : T{0}; }),
    elementwise<T>(
        "relu6", kinked, [](T z) { return z < 0 ? T{0} : (z > 6 ? T{6} : z); },
        [](T a) { return a > 0 && a < 6 ? T{1} : T{0}; }),
    // a has z's sign, or is 0, as long as the slope is not negative.
    elementwise<T, slope_of_a>(
        "leakyRelu", slope_option, kinked, [](T z, T slope) { return z > 0 ? z : slope * z; },
        [](T a, T slope) { return a > 0 ? T{1} : slope; }),
    // Kinked unless alpha is 1.
    elementwise<T, slope_of_z>(
        "elu", alpha_option, kinked, [](T z, T alpha) { return z > 0 ? z : alpha * expm1(z); },
        [](T z, T alpha) { return z > 0 ? T{1} : alpha * exp(z); }),
    elementwise<T, slope_of_z>(
        "selu", kinked, [](T z) { return z > 0 ? selu_above<T> * z : selu_below<T> * expm1(z); },
        [](T z) { return z > 0 ? selu_above<T> : selu_below<T> * exp(z); }),
    elementwise<T, slope_of_z>(
        "celu", alpha_option, smooth,
        [](T z, T alpha) { return z > 0 ? z : alpha * expm1(z / alpha); },
        [](T z, T alpha) { return z > 0 ? T{1} : exp(z / alpha); }),
    {"gelu", {&approximate_option, 1}, false, true, false, &gelu_forward<T>, &gelu_backward<T>},
    elementwise<T, slope_of_z>(
        "silu", smooth, [](T z) { return silu(z); }, [](T z) { return silu_slope(z); }),
    elementwise<T, slope_of_z>(
        "mish", smooth, [](T z) { return mish(z); }, [](T z) { return mish_slope(z); }),
    elementwise<T>(
        "softplus", smooth, [](T z) { return softplus(z); }, [](T a) { return -expm1(-a); }),
    elementwise<T, slope_of_z>(
        "softsign", smooth,
        [](T z) {
          const T m = detail::magnitude(z);
          return m == detail::Format<T>::infinity ? sign(z) : z / (1 + m);
        },
        [](T z) {
          const T inverse = 1 / (1 + detail::magnitude(z));
          return inverse * inverse;
        }),
    {"softmax", {}, true, false, false, &softmax_forward<T>, &softmax_backward<T>},
    {"logSoftmax", {}, true, false, false, &log_softmax_forward<T>, &log_softmax_backward<T>},
    elementwise<T>(
        "exponential", smooth, [](T z) { return exp(z); }, [](T a) { return a; }),
};

}  // namespace

template <typename T>
Table<Activation<T>> activations() {
  return {rows<T>, sizeof(rows<T>) / sizeof(rows<T>[0])};
}
template Table<Activation<float>> activations();
template Table<Activation<double>> activations();

}  // namespace gemmnet::GEMMNET_INSTRUCTION_SET
