// Long because it is a table of rules, each with its formula, its options and its loop.
#include "core/kernels/loops.h"

// cmath's pow and sqrt of double are plain C functions, called once per step.
#include <cmath>

// Where libraries differ in a rule, the difference is an option of it, and becomes a coefficient of
// the one loop wherever it can. "Keras" is keras/src/optimizers, "PyTorch" torch/optim, "scikit-
// learn" sklearn/neural_network/_stochastic_optimizers.py. g is the gradient with the penalties'.

namespace gemmnet::GEMMNET_INSTRUCTION_SET {

namespace {

inline float magnitude(float x) { return __builtin_fabsf(x); }
inline double magnitude(double x) { return __builtin_fabs(x); }

/// The larger one; NaN if any is.
template <typename T>
inline T larger(T a, T b) {
  return a > b || a != a ? a : b;
}

/// What the loss and the penalties together pull at a weight. `WithLasso` is known when the code
/// is compiled: most slices have no L1 penalty, and its two comparisons cost up to a tenth of a
/// step.
template <bool WithLasso, typename T>
inline T effective_gradient(T gradient, T weight, T decay, T lasso) {
  const T pulled = gradient + decay * weight;
  return WithLasso ? pulled + lasso * sign(weight) : pulled;
}

template <bool WithLasso, typename T, typename Step>
inline void descend_with(const ParameterSlice<T>& slice, const Step& step) {
  T* const w = slice.weights;
  const T* const g = slice.gradient;
  const T decay = slice.decay;
  const T lasso = slice.lasso;
  const T shrink = slice.shrink;
  const std::size_t size = slice.size;
  GEMMNET_INDEPENDENT_ITERATIONS
  for (std::size_t i = 0; i < size; ++i) {
    const T weight = w[i];
    w[i] = shrink * weight - step(i, effective_gradient<WithLasso>(g[i], weight, decay, lasso));
  }
}

/// w = shrink w - step(i, g), where `step` also keeps element i of the slots.
template <typename T, typename Step>
inline void descend(const ParameterSlice<T>& slice, const Step& step) {
  if (slice.lasso == 0)
    descend_with<false>(slice, step);
  else
    descend_with<true>(slice, step);
}

std::size_t no_slots(const double* /*options*/) { return 0; }
std::size_t one_slot(const double* /*options*/) { return 1; }
std::size_t two_slots(const double* /*options*/) { return 2; }

/// w -= learningRate g
template <typename T>
void prepare_descent(const double* /*options*/, double learning_rate, std::uint64_t /*step*/,
                     double* /*scalars*/, T* coefficients) {
  coefficients[0] = static_cast<T>(learning_rate);
}

template <typename T>
void update_descent(const T* coefficients, const ParameterSlice<T>& slice) {
  const T rate = coefficients[0];
  descend(slice, [=](std::size_t /*i*/, T g) { return rate * g; });
}

/// With rateInVelocity, as Keras and scikit-learn: v = momentum v - learningRate g; w += v, or with
/// nesterov w += momentum v - learningRate g. Without, as PyTorch: v = momentum v + g;
/// w -= learningRate v, or learningRate (g + momentum v). Equal as long as the rate is constant.
enum SgdOption : std::size_t { momentum_option, nesterov_option, rate_in_velocity_option };
constexpr const char* sgd_options[] = {"momentum", "nesterov", "rateInVelocity"};

std::size_t sgd_slots(const double* options) { return options[momentum_option] == 0 ? 0 : 1; }

template <typename T>
void prepare_sgd(const double* options, double learning_rate, std::uint64_t /*step*/,
                 double* /*scalars*/, T* coefficients) {
  const double momentum = options[momentum_option];
  const bool nesterov = options[nesterov_option] != 0;
  // v = momentum v + inflow g, and the step that is subtracted is ahead v + behind g.
  const double inflow = options[rate_in_velocity_option] != 0 ? -learning_rate : 1;
  const double outflow = options[rate_in_velocity_option] != 0 ? -1 : learning_rate;
  coefficients[0] = static_cast<T>(learning_rate);
  coefficients[1] = static_cast<T>(momentum);
  coefficients[2] = static_cast<T>(inflow);
  coefficients[3] = static_cast<T>(nesterov ? outflow * momentum : outflow);
  coefficients[4] = static_cast<T>(nesterov ? learning_rate : 0);
}

template <typename T>
void update_sgd(const T* coefficients, const ParameterSlice<T>& slice) {
  const T momentum = coefficients[1];
  if (momentum == 0) return update_descent(coefficients, slice);
  const T inflow = coefficients[2];
  const T ahead = coefficients[3];
  const T behind = coefficients[4];
  T* const v = slice.slots[0];
  descend(slice, [=](std::size_t i, T g) {
    const T velocity = momentum * v[i] + inflow * g;
    v[i] = velocity;
    return ahead * velocity + behind * g;
  });
}

/// s += g^2 from initialAccumulator on; w -= learningRate g / sqrt(s + epsilon) with epsilonInside
/// (Keras), else learningRate g / (sqrt s + epsilon) (PyTorch).
/// J. Duchi, E. Hazan and Y. Singer, "Adaptive subgradient methods", JMLR 12, 2011.
enum AdagradOption : std::size_t {
  adagrad_initial_option,
  adagrad_epsilon_option,
  adagrad_inside_option
};
constexpr const char* adagrad_options[] = {"initialAccumulator", "epsilon", "epsilonInside"};

template <typename T>
void prepare_adagrad(const double* options, double learning_rate, std::uint64_t step,
                     double* /*scalars*/, T* coefficients) {
  const double epsilon = options[adagrad_epsilon_option];
  const bool inside = options[adagrad_inside_option] != 0;
  coefficients[0] = static_cast<T>(learning_rate);
  coefficients[1] = static_cast<T>(step == 1 ? options[adagrad_initial_option] : 0);
  coefficients[2] = static_cast<T>(inside ? epsilon : 0);
  coefficients[3] = static_cast<T>(inside ? 0 : epsilon);
}

template <typename T>
void update_adagrad(const T* coefficients, const ParameterSlice<T>& slice) {
  const T rate = coefficients[0];
  const T initial = coefficients[1];
  const T inside = coefficients[2];
  const T outside = coefficients[3];
  T* const s = slice.slots[0];
  descend(slice, [=](std::size_t i, T g) {
    const T sum = (s[i] + initial) + g * g;
    s[i] = sum;
    return rate * g / (square_root(sum + inside) + outside);
  });
}

/// v = rho v + (1 - rho) g^2; if centered a = rho a + (1 - rho) g and d = v - a^2, else d = v.
/// With epsilonInside (Keras) r = g / sqrt(d + epsilon), else (PyTorch) r = g / (sqrt d + epsilon).
/// With rateInVelocity (Keras) b = momentum b + learningRate r; w -= b, else (PyTorch)
/// b = momentum b + r; w -= learningRate b.
/// T. Tieleman and G. Hinton, "Neural networks for machine learning", lecture 6.5, 2012; centered:
/// A. Graves, arXiv 1308.0850, 2013.
enum RmspropOption : std::size_t {
  rmsprop_rho_option,
  rmsprop_momentum_option,
  rmsprop_epsilon_option,
  rmsprop_centered_option,
  rmsprop_inside_option,
  rmsprop_rate_option
};
constexpr const char* rmsprop_options[] = {"rho",      "momentum",      "epsilon",
                                           "centered", "epsilonInside", "rateInVelocity"};

std::size_t rmsprop_slots(const double* options) {
  return 1u + (options[rmsprop_centered_option] != 0) + (options[rmsprop_momentum_option] != 0);
}

template <typename T>
void prepare_rmsprop(const double* options, double learning_rate, std::uint64_t /*step*/,
                     double* /*scalars*/, T* coefficients) {
  const double epsilon = options[rmsprop_epsilon_option];
  const bool inside = options[rmsprop_inside_option] != 0;
  const bool rate_in_velocity = options[rmsprop_rate_option] != 0;
  coefficients[0] = static_cast<T>(rate_in_velocity ? learning_rate : 1);
  coefficients[1] = static_cast<T>(rate_in_velocity ? 1 : learning_rate);
  coefficients[2] = static_cast<T>(options[rmsprop_rho_option]);
  coefficients[3] = static_cast<T>(1 - options[rmsprop_rho_option]);
  coefficients[4] = static_cast<T>(options[rmsprop_momentum_option]);
  coefficients[5] = static_cast<T>(inside ? epsilon : 0);
  coefficients[6] = static_cast<T>(inside ? 0 : epsilon);
  coefficients[7] = static_cast<T>(options[rmsprop_centered_option]);
}

template <bool Centered, bool WithMomentum, typename T>
void update_rmsprop_as(const T* coefficients, const ParameterSlice<T>& slice) {
  const T inflow = coefficients[0];
  const T outflow = coefficients[1];
  const T rho = coefficients[2];
  const T one_less_rho = coefficients[3];
  const T momentum = coefficients[4];
  const T inside = coefficients[5];
  const T outside = coefficients[6];
  T* const v = slice.slots[0];
  T* const a = Centered ? slice.slots[1] : nullptr;
  T* const b = WithMomentum ? slice.slots[Centered ? 2 : 1] : nullptr;
  descend(slice, [=](std::size_t i, T g) {
    const T square = rho * v[i] + one_less_rho * (g * g);
    v[i] = square;
    T spread = square;
    if constexpr (Centered) {
      const T mean = rho * a[i] + one_less_rho * g;
      a[i] = mean;
      // A variance: only rounding makes it negative, and NaN of the root.
      const T difference = square - mean * mean;
      spread = difference < 0 ? T{0} : difference;
    }
    T velocity = inflow * g / (square_root(spread + inside) + outside);
    if constexpr (WithMomentum) {
      velocity = momentum * b[i] + velocity;
      b[i] = velocity;
    }
    return outflow * velocity;
  });
}

template <typename T>
void update_rmsprop(const T* coefficients, const ParameterSlice<T>& slice) {
  const bool with_momentum = coefficients[4] != 0;
  if (coefficients[7] != 0) {
    if (with_momentum) return update_rmsprop_as<true, true>(coefficients, slice);
    return update_rmsprop_as<true, false>(coefficients, slice);
  }
  if (with_momentum) return update_rmsprop_as<false, true>(coefficients, slice);
  return update_rmsprop_as<false, false>(coefficients, slice);
}

/// v = rho v + (1 - rho) g^2; d = sqrt(u + epsilon) / sqrt(v + epsilon) g;
/// u = rho u + (1 - rho) d^2; w -= learningRate d. M. Zeiler, "ADADELTA", arXiv 1212.5701, 2012.
enum AdadeltaOption : std::size_t { adadelta_rho_option, adadelta_epsilon_option };
constexpr const char* adadelta_options[] = {"rho", "epsilon"};

template <typename T>
void prepare_adadelta(const double* options, double learning_rate, std::uint64_t /*step*/,
                      double* /*scalars*/, T* coefficients) {
  coefficients[0] = static_cast<T>(learning_rate);
  coefficients[1] = static_cast<T>(options[adadelta_rho_option]);
  coefficients[2] = static_cast<T>(1 - options[adadelta_rho_option]);
  coefficients[3] = static_cast<T>(options[adadelta_epsilon_option]);
}

template <typename T>
void update_adadelta(const T* coefficients, const ParameterSlice<T>& slice) {
  const T rate = coefficients[0];
  const T rho = coefficients[1];
  const T one_less_rho = coefficients[2];
  const T epsilon = coefficients[3];
  T* const v = slice.slots[0];
  T* const u = slice.slots[1];
  descend(slice, [=](std::size_t i, T g) {
    const T square = rho * v[i] + one_less_rho * (g * g);
    const T step = square_root(u[i] + epsilon) * g / square_root(square + epsilon);
    v[i] = square;
    u[i] = rho * u[i] + one_less_rho * (step * step);
    return rate * step;
  });
}

/// m += (1 - beta1)(g - m), v += (1 - beta2)(g^2 - v); with amsgrad v is then replaced by the
/// largest one so far. With c1 = 1 - beta1^t and c2 = 1 - beta2^t, with epsilonHat (Keras,
/// scikit-learn) w -= learningRate sqrt(c2) / c1 m / (sqrt v + epsilon), else (PyTorch)
/// w -= learningRate / c1 m / (sqrt v / sqrt c2 + epsilon), which is the former with an epsilon of
/// sqrt(c2) epsilon. D. Kingma and J. Ba, "Adam", ICLR 2015, section 2; amsgrad: S. Reddi, S. Kale
/// and S. Kumar, ICLR 2018. adamw, I. Loshchilov and F. Hutter, ICLR 2019, is the same rule: the
/// decay comes with the slice.
enum AdamOption : std::size_t {
  beta1_option,
  beta2_option,
  epsilon_option,
  amsgrad_option,
  epsilon_hat_option
};
constexpr const char* adam_options[] = {"beta1", "beta2", "epsilon", "amsgrad", "epsilonHat"};

std::size_t adam_slots(const double* options) { return options[amsgrad_option] == 0 ? 2 : 3; }

template <typename T>
void prepare_adam(const double* options, double learning_rate, std::uint64_t step,
                  double* /*scalars*/, T* coefficients) {
  const double t = static_cast<double>(step);
  const double correction1 = 1 - ::pow(options[beta1_option], t);
  const double correction2 = ::sqrt(1 - ::pow(options[beta2_option], t));
  const double epsilon = options[epsilon_option];
  coefficients[0] = static_cast<T>(learning_rate * correction2 / correction1);
  coefficients[1] = static_cast<T>(1 - options[beta1_option]);
  coefficients[2] = static_cast<T>(1 - options[beta2_option]);
  coefficients[3] =
      static_cast<T>(options[epsilon_hat_option] != 0 ? epsilon : epsilon * correction2);
  coefficients[4] = static_cast<T>(options[amsgrad_option]);
}

template <bool Amsgrad, typename T>
void update_adam_as(const T* coefficients, const ParameterSlice<T>& slice) {
  const T rate = coefficients[0];
  const T one_less_beta1 = coefficients[1];
  const T one_less_beta2 = coefficients[2];
  const T epsilon = coefficients[3];
  T* const m = slice.slots[0];
  T* const v = slice.slots[1];
  T* const largest = Amsgrad ? slice.slots[2] : nullptr;
  descend(slice, [=](std::size_t i, T g) {
    const T mean = m[i] + one_less_beta1 * (g - m[i]);
    T square = v[i] + one_less_beta2 * (g * g - v[i]);
    m[i] = mean;
    v[i] = square;
    if constexpr (Amsgrad) {
      square = larger(largest[i], square);
      largest[i] = square;
    }
    return rate * mean / (square_root(square) + epsilon);
  });
}

template <typename T>
void update_adam(const T* coefficients, const ParameterSlice<T>& slice) {
  if (coefficients[4] != 0) return update_adam_as<true>(coefficients, slice);
  return update_adam_as<false>(coefficients, slice);
}

/// m += (1 - beta1)(g - m). With epsilonInside (PyTorch) u = max(beta2 u, |g| + epsilon);
/// w -= learningRate / (1 - beta1^t) m / u, else (Keras) u = max(beta2 u, |g|);
/// w -= learningRate / (1 - beta1^t) m / (u + epsilon). D. Kingma and J. Ba, ICLR 2015, section 7.
enum AdamaxOption : std::size_t {
  adamax_beta1_option,
  adamax_beta2_option,
  adamax_epsilon_option,
  adamax_inside_option
};
constexpr const char* adamax_options[] = {"beta1", "beta2", "epsilon", "epsilonInside"};

template <typename T>
void prepare_adamax(const double* options, double learning_rate, std::uint64_t step,
                    double* /*scalars*/, T* coefficients) {
  const double epsilon = options[adamax_epsilon_option];
  const bool inside = options[adamax_inside_option] != 0;
  const double correction = 1 - ::pow(options[adamax_beta1_option], static_cast<double>(step));
  coefficients[0] = static_cast<T>(learning_rate / correction);
  coefficients[1] = static_cast<T>(1 - options[adamax_beta1_option]);
  coefficients[2] = static_cast<T>(options[adamax_beta2_option]);
  coefficients[3] = static_cast<T>(inside ? epsilon : 0);
  coefficients[4] = static_cast<T>(inside ? 0 : epsilon);
}

template <typename T>
void update_adamax(const T* coefficients, const ParameterSlice<T>& slice) {
  const T rate = coefficients[0];
  const T one_less_beta1 = coefficients[1];
  const T beta2 = coefficients[2];
  const T inside = coefficients[3];
  const T outside = coefficients[4];
  T* const m = slice.slots[0];
  T* const u = slice.slots[1];
  descend(slice, [=](std::size_t i, T g) {
    const T mean = m[i] + one_less_beta1 * (g - m[i]);
    const T norm = larger(beta2 * u[i], magnitude(g) + inside);
    m[i] = mean;
    u[i] = norm;
    return rate * mean / (norm + outside);
  });
}

/// m and v as adam's; with the momenta mu_t = beta1 (1 - 0.96^(t momentumDecay) / 2) and p_t their
/// product from 1 to t (scalars[0]), w -= learningRate
/// (mu_{t+1} m / (1 - p_t mu_{t+1}) + (1 - mu_t) g / (1 - p_t)) / (sqrt(v / (1 - beta2^t)) +
/// epsilon). Keras's momentumDecay is 1. T. Dozat, "Incorporating Nesterov momentum into Adam",
/// ICLR 2016.
enum NadamOption : std::size_t {
  nadam_beta1_option,
  nadam_beta2_option,
  nadam_epsilon_option,
  nadam_momentum_decay_option
};
constexpr const char* nadam_options[] = {"beta1", "beta2", "epsilon", "momentumDecay"};

template <typename T>
void prepare_nadam(const double* options, double learning_rate, std::uint64_t step, double* scalars,
                   T* coefficients) {
  const double t = static_cast<double>(step);
  const double beta1 = options[nadam_beta1_option];
  const double decay = options[nadam_momentum_decay_option];
  const double momentum = beta1 * (1 - 0.5 * ::pow(0.96, t * decay));
  const double next_momentum = beta1 * (1 - 0.5 * ::pow(0.96, (t + 1) * decay));
  const double product = (step == 1 ? 1 : scalars[0]) * momentum;
  scalars[0] = product;
  // Numerator and denominator are multiplied by this, which spares the loop a division.
  const double correction2 = ::sqrt(1 - ::pow(options[nadam_beta2_option], t));
  const double rate = learning_rate * correction2;
  coefficients[0] = static_cast<T>(rate * next_momentum / (1 - product * next_momentum));
  coefficients[1] = static_cast<T>(rate * (1 - momentum) / (1 - product));
  coefficients[2] = static_cast<T>(1 - beta1);
  coefficients[3] = static_cast<T>(1 - options[nadam_beta2_option]);
  coefficients[4] = static_cast<T>(options[nadam_epsilon_option] * correction2);
}

template <typename T>
void update_nadam(const T* coefficients, const ParameterSlice<T>& slice) {
  const T mean_rate = coefficients[0];
  const T gradient_rate = coefficients[1];
  const T one_less_beta1 = coefficients[2];
  const T one_less_beta2 = coefficients[3];
  const T epsilon = coefficients[4];
  T* const m = slice.slots[0];
  T* const v = slice.slots[1];
  descend(slice, [=](std::size_t i, T g) {
    const T mean = m[i] + one_less_beta1 * (g - m[i]);
    const T square = v[i] + one_less_beta2 * (g * g - v[i]);
    m[i] = mean;
    v[i] = square;
    return (mean_rate * mean + gradient_rate * g) / (square_root(square) + epsilon);
  });
}

/// Each weight has a step size s, at first learningRate: multiplied by stepIncrease where g has the
/// sign it had, by stepDecrease where it changed (the step is then left out, and g forgotten), and
/// kept within [minimumStep, maximumStep]; w -= s sign(g). Later learning rates are not read, and a
/// rate of 0 becomes minimumStep. M. Riedmiller and H. Braun, "RPROP", ICNN 1993, as PyTorch.
enum RpropOption : std::size_t {
  step_decrease_option,
  step_increase_option,
  minimum_step_option,
  maximum_step_option
};
constexpr const char* rprop_options[] = {"stepDecrease", "stepIncrease", "minimumStep",
                                         "maximumStep"};

template <typename T>
void prepare_rprop(const double* options, double learning_rate, std::uint64_t step,
                   double* /*scalars*/, T* coefficients) {
  coefficients[0] = static_cast<T>(step == 1 ? learning_rate : 0);
  coefficients[1] = static_cast<T>(options[step_decrease_option]);
  coefficients[2] = static_cast<T>(options[step_increase_option]);
  coefficients[3] = static_cast<T>(options[minimum_step_option]);
  coefficients[4] = static_cast<T>(options[maximum_step_option]);
}

template <typename T>
void update_rprop(const T* coefficients, const ParameterSlice<T>& slice) {
  const T initial = coefficients[0];
  const T decrease = coefficients[1];
  const T increase = coefficients[2];
  const T minimum = coefficients[3];
  const T maximum = coefficients[4];
  T* const last = slice.slots[0];
  T* const sizes = slice.slots[1];
  descend(slice, [=](std::size_t i, T g) {
    const T agreement = g * last[i];
    T factor = agreement > 0 ? increase : T{1};
    factor = agreement < 0 ? decrease : factor;
    T size = (sizes[i] + initial) * factor;
    size = size < minimum ? minimum : size;
    size = size > maximum ? maximum : size;
    sizes[i] = size;
    const T kept = agreement < 0 ? T{0} : g;
    last[i] = kept;
    T direction = kept > 0 ? T{1} : kept;  // the sign, with NaN kept
    direction = kept < 0 ? T{-1} : direction;
    return size * direction;
  });
}

template <typename T>
constexpr Optimizer<T> rows[] = {
    {"gradientDescent", {}, true, &no_slots, &prepare_descent<T>, &update_descent<T>},
    {"sgd", {sgd_options, 3}, false, &sgd_slots, &prepare_sgd<T>, &update_sgd<T>},
    {"adagrad", {adagrad_options, 3}, false, &one_slot, &prepare_adagrad<T>, &update_adagrad<T>},
    {"rmsprop",
     {rmsprop_options, 6},
     false,
     &rmsprop_slots,
     &prepare_rmsprop<T>,
     &update_rmsprop<T>},
    {"adadelta",
     {adadelta_options, 2},
     false,
     &two_slots,
     &prepare_adadelta<T>,
     &update_adadelta<T>},
    {"adam", {adam_options, 5}, false, &adam_slots, &prepare_adam<T>, &update_adam<T>},
    {"adamw", {adam_options, 5}, false, &adam_slots, &prepare_adam<T>, &update_adam<T>},
    {"adamax", {adamax_options, 4}, false, &two_slots, &prepare_adamax<T>, &update_adamax<T>},
    {"nadam", {nadam_options, 4}, false, &two_slots, &prepare_nadam<T>, &update_nadam<T>},
    {"rprop", {rprop_options, 4}, false, &two_slots, &prepare_rprop<T>, &update_rprop<T>},
};

}  // namespace

template <typename T>
Table<Optimizer<T>> optimizers() {
  return {rows<T>, sizeof(rows<T>) / sizeof(rows<T>[0])};
}
template Table<Optimizer<float>> optimizers();
template Table<Optimizer<double>> optimizers();

}  // namespace gemmnet::GEMMNET_INSTRUCTION_SET
