#include "core/kernels/loops.h"

// cmath's pow and sqrt of double are plain C functions, called once per step.
#include <cmath>

namespace gemmnet::GEMMNET_INSTRUCTION_SET {

namespace {

inline float square_root(float x) { return __builtin_sqrtf(x); }
inline double square_root(double x) { return __builtin_sqrt(x); }

std::size_t no_slots(const double* /*options*/) { return 0; }

/// w -= learningRate g
template <typename T>
void prepare_descent(const double* /*options*/, double learning_rate, std::uint64_t /*step*/,
                     double* /*scalars*/, T* coefficients) {
  coefficients[0] = static_cast<T>(learning_rate);
}

template <typename T>
void update_descent(const T* coefficients, const ParameterSlice<T>& slice) {
  const T rate = coefficients[0];
  const T decay = slice.decay;
  T* const w = slice.weights;
  const T* const g = slice.gradient;
  GEMMNET_INDEPENDENT_ITERATIONS
  for (std::size_t i = 0; i < slice.size; ++i)
    w[i] = slice.shrink * w[i] - rate * (g[i] + decay * w[i] + slice.lasso * sign(w[i]));
}

/// v = momentum v - learningRate g;  w += v, or with nesterov  w += momentum v - learningRate g.
enum SgdOption : std::size_t { momentum_option, nesterov_option };
constexpr const char* sgd_options[] = {"momentum", "nesterov"};

std::size_t sgd_slots(const double* options) { return options[momentum_option] == 0 ? 0 : 1; }

template <typename T>
void prepare_sgd(const double* options, double learning_rate, std::uint64_t /*step*/,
                 double* /*scalars*/, T* coefficients) {
  coefficients[0] = static_cast<T>(learning_rate);
  coefficients[1] = static_cast<T>(options[momentum_option]);
  coefficients[2] = static_cast<T>(options[nesterov_option]);
}

template <typename T>
void update_sgd(const T* coefficients, const ParameterSlice<T>& slice) {
  const T rate = coefficients[0];
  const T momentum = coefficients[1];
  if (momentum == 0) return update_descent(coefficients, slice);
  const bool nesterov = coefficients[2] != 0;
  const T decay = slice.decay;
  T* const w = slice.weights;
  const T* const g = slice.gradient;
  T* const v = slice.slots[0];
  // The step is `ahead` times the new velocity less `behind` times the gradient.
  const T ahead = nesterov ? momentum : T{1};
  const T behind = nesterov ? rate : T{0};
  GEMMNET_INDEPENDENT_ITERATIONS
  for (std::size_t i = 0; i < slice.size; ++i) {
    const T gradient = g[i] + decay * w[i] + slice.lasso * sign(w[i]);
    const T velocity = momentum * v[i] - rate * gradient;
    v[i] = velocity;
    w[i] = slice.shrink * w[i] + (ahead * velocity - behind * gradient);
  }
}

/// m += (1 - beta1)(g - m), v += (1 - beta2)(g^2 - v),
/// w -= learningRate sqrt(1 - beta2^t) / (1 - beta1^t) m / (sqrt v + epsilon).
/// D. Kingma and J. Ba, "Adam", ICLR 2015, section 2, in the form with epsilon-hat, as Keras.
enum AdamOption : std::size_t { beta1_option, beta2_option, epsilon_option };
constexpr const char* adam_options[] = {"beta1", "beta2", "epsilon"};

std::size_t adam_slots(const double* /*options*/) { return 2; }

template <typename T>
void prepare_adam(const double* options, double learning_rate, std::uint64_t step,
                  double* /*scalars*/, T* coefficients) {
  const double t = static_cast<double>(step);
  const double correction1 = 1 - ::pow(options[beta1_option], t);
  const double correction2 = 1 - ::pow(options[beta2_option], t);
  coefficients[0] = static_cast<T>(learning_rate * ::sqrt(correction2) / correction1);
  coefficients[1] = static_cast<T>(1 - options[beta1_option]);
  coefficients[2] = static_cast<T>(1 - options[beta2_option]);
  coefficients[3] = static_cast<T>(options[epsilon_option]);
}

template <typename T>
void update_adam(const T* coefficients, const ParameterSlice<T>& slice) {
  const T rate = coefficients[0];
  const T one_less_beta1 = coefficients[1];
  const T one_less_beta2 = coefficients[2];
  const T epsilon = coefficients[3];
  const T decay = slice.decay;
  T* const w = slice.weights;
  const T* const g = slice.gradient;
  T* const m = slice.slots[0];
  T* const v = slice.slots[1];
  GEMMNET_INDEPENDENT_ITERATIONS
  for (std::size_t i = 0; i < slice.size; ++i) {
    const T gradient = g[i] + decay * w[i] + slice.lasso * sign(w[i]);
    const T mean = m[i] + one_less_beta1 * (gradient - m[i]);
    const T square = v[i] + one_less_beta2 * (gradient * gradient - v[i]);
    m[i] = mean;
    v[i] = square;
    w[i] = slice.shrink * w[i] - rate * mean / (square_root(square) + epsilon);
  }
}

template <typename T>
constexpr Optimizer<T> rows[] = {
    {"gradientDescent", {}, true, &no_slots, &prepare_descent<T>, &update_descent<T>},
    {"sgd", {sgd_options, 2}, false, &sgd_slots, &prepare_sgd<T>, &update_sgd<T>},
    {"adam", {adam_options, 3}, false, &adam_slots, &prepare_adam<T>, &update_adam<T>},
};

}  // namespace

template <typename T>
Table<Optimizer<T>> optimizers() {
  return {rows<T>, sizeof(rows<T>) / sizeof(rows<T>[0])};
}
template Table<Optimizer<float>> optimizers();
template Table<Optimizer<double>> optimizers();

}  // namespace gemmnet::GEMMNET_INSTRUCTION_SET
