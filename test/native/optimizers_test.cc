// Long because every rule stands here once more, beside what the libraries make of it.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <iterator>
#include <limits>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/instruction_sets.h"

using namespace gemmnet;

namespace {

using Options = std::map<std::string, double>;

/// The step that a rule subtracts from one weight; keeps the weight's state. Steps count from 1.
using Rule = std::function<long double(long double g, long double rate, int step)>;

long double exact(const Options& options, const char* name) {
  return static_cast<long double>(options.at(name));
}

// The rules once more, for one weight and in long double, as the libraries' sources write them:
// Keras 3.15.1, PyTorch 2.15.0, scikit-learn 1.9.1.

Rule sgd(const Options& options) {
  const long double momentum = exact(options, "momentum");
  const bool nesterov = options.at("nesterov") != 0;
  if (options.at("rateInVelocity") != 0)
    return [=, v = 0.0L](long double g, long double rate, int) mutable {
      if (momentum == 0) return rate * g;
      v = v * momentum - g * rate;
      return nesterov ? -(v * momentum - g * rate) : -v;
    };
  return [=, buffer = 0.0L](long double g, long double rate, int step) mutable {
    if (momentum != 0) {
      buffer = step == 1 ? g : momentum * buffer + g;
      g = nesterov ? g + momentum * buffer : buffer;
    }
    return rate * g;
  };
}

Rule adagrad(const Options& options) {
  const long double epsilon = exact(options, "epsilon");
  const bool inside = options.at("epsilonInside") != 0;
  return [=, sum = exact(options, "initialAccumulator")](long double g, long double rate,
                                                         int) mutable {
    sum += g * g;
    return inside ? rate * g / std::sqrt(sum + epsilon) : rate * g / (std::sqrt(sum) + epsilon);
  };
}

Rule rmsprop(const Options& options) {
  const long double rho = exact(options, "rho");
  const long double momentum = exact(options, "momentum");
  const long double epsilon = exact(options, "epsilon");
  const bool centered = options.at("centered") != 0;
  const bool inside = options.at("epsilonInside") != 0;
  const bool rate_in_velocity = options.at("rateInVelocity") != 0;
  return [=, v = 0.0L, mean = 0.0L, b = 0.0L](long double g, long double rate, int) mutable {
    v = rho * v + (1 - rho) * g * g;
    long double spread = v;
    if (centered) {
      mean = rho * mean + (1 - rho) * g;
      spread = v - mean * mean;
    }
    const long double divisor = inside ? std::sqrt(spread + epsilon) : std::sqrt(spread) + epsilon;
    if (rate_in_velocity) {
      b = momentum * b + rate * g / divisor;
      return b;
    }
    b = momentum * b + g / divisor;
    return rate * b;
  };
}

Rule adadelta(const Options& options) {
  const long double rho = exact(options, "rho");
  const long double epsilon = exact(options, "epsilon");
  return [=, squares = 0.0L, deltas = 0.0L](long double g, long double rate, int) mutable {
    squares = rho * squares + (1 - rho) * g * g;
    const long double delta = std::sqrt(deltas + epsilon) * g / std::sqrt(squares + epsilon);
    deltas = rho * deltas + (1 - rho) * delta * delta;
    return rate * delta;
  };
}

Rule adam(const Options& options) {
  const long double beta1 = exact(options, "beta1");
  const long double beta2 = exact(options, "beta2");
  const long double epsilon = exact(options, "epsilon");
  const bool amsgrad = options.at("amsgrad") != 0;
  const bool epsilon_hat = options.at("epsilonHat") != 0;
  return [=, m = 0.0L, v = 0.0L, most = 0.0L](long double g, long double rate, int step) mutable {
    m = beta1 * m + (1 - beta1) * g;
    v = beta2 * v + (1 - beta2) * g * g;
    most = std::max(most, v);
    const long double root = std::sqrt(amsgrad ? most : v);
    const long double correction1 = 1 - std::pow(beta1, step);
    const long double correction2 = 1 - std::pow(beta2, step);
    if (epsilon_hat) return rate * std::sqrt(correction2) / correction1 * m / (root + epsilon);
    return rate / correction1 * m / (root / std::sqrt(correction2) + epsilon);
  };
}

Rule adamax(const Options& options) {
  const long double beta1 = exact(options, "beta1");
  const long double beta2 = exact(options, "beta2");
  const long double epsilon = exact(options, "epsilon");
  const bool inside = options.at("epsilonInside") != 0;
  return [=, m = 0.0L, u = 0.0L](long double g, long double rate, int step) mutable {
    m += (g - m) * (1 - beta1);
    u = std::max(beta2 * u, std::abs(g) + (inside ? epsilon : 0));
    return rate * m / ((1 - std::pow(beta1, step)) * (u + (inside ? 0 : epsilon)));
  };
}

Rule nadam(const Options& options) {
  const long double beta1 = exact(options, "beta1");
  const long double beta2 = exact(options, "beta2");
  const long double epsilon = exact(options, "epsilon");
  const long double decay = exact(options, "momentumDecay");
  return [=, m = 0.0L, v = 0.0L, product = 1.0L](long double g, long double rate,
                                                 int step) mutable {
    const long double momentum = beta1 * (1 - 0.5L * std::pow(0.96L, step * decay));
    const long double next = beta1 * (1 - 0.5L * std::pow(0.96L, (step + 1) * decay));
    product *= momentum;
    m += (g - m) * (1 - beta1);
    v += (g * g - v) * (1 - beta2);
    const long double mean = next * m / (1 - product * next) + (1 - momentum) * g / (1 - product);
    return mean * rate / (std::sqrt(v / (1 - std::pow(beta2, step))) + epsilon);
  };
}

Rule rprop(const Options& options) {
  const long double decrease = exact(options, "stepDecrease");
  const long double increase = exact(options, "stepIncrease");
  const long double minimum = exact(options, "minimumStep");
  const long double maximum = exact(options, "maximumStep");
  return [=, last = 0.0L, size = 0.0L](long double g, long double rate, int step) mutable {
    if (step == 1) size = rate;
    const long double factor = g * last > 0 ? increase : (g * last < 0 ? decrease : 1);
    size = std::min(std::max(size * factor, minimum), maximum);
    if (factor == decrease) g = 0;
    last = g;
    return size * (g > 0 ? 1 : (g < 0 ? -1 : 0));
  };
}

struct Reference {
  Rule (*make)(const Options&);
  std::vector<Options> variants;  // of both conventions
};

std::vector<Options> adam_variants() {
  std::vector<Options> variants;
  for (const double amsgrad : {0, 1})
    for (const double hat : {0, 1})
      variants.push_back({{"beta1", 0.75},
                          {"beta2", 0.875},
                          {"epsilon", 0.125},
                          {"amsgrad", amsgrad},
                          {"epsilonHat", hat}});
  variants.push_back(
      {{"beta1", 0.9}, {"beta2", 0.999}, {"epsilon", 1e-7}, {"amsgrad", 0}, {"epsilonHat", 1}});
  return variants;
}

std::map<std::string, Reference> references() {
  std::map<std::string, Reference> all;
  all["gradientDescent"] = {[](const Options&) -> Rule {
                              return [](long double g, long double rate, int) { return rate * g; };
                            },
                            {{}}};
  Reference& of_sgd = all["sgd"] = {&sgd, {}};
  for (const double momentum : {0.0, 0.75})
    for (const double nesterov : {0, 1})
      for (const double in_velocity : {0, 1})
        of_sgd.variants.push_back(
            {{"momentum", momentum}, {"nesterov", nesterov}, {"rateInVelocity", in_velocity}});
  all["adagrad"] = {&adagrad,
                    {{{"initialAccumulator", 0.1}, {"epsilon", 1e-7}, {"epsilonInside", 1}},
                     {{"initialAccumulator", 0}, {"epsilon", 1e-10}, {"epsilonInside", 0}},
                     {{"initialAccumulator", 0.25}, {"epsilon", 0.125}, {"epsilonInside", 1}},
                     {{"initialAccumulator", 0.25}, {"epsilon", 0.125}, {"epsilonInside", 0}}}};
  Reference& of_rmsprop = all["rmsprop"] = {&rmsprop, {}};
  for (const double momentum : {0.0, 0.75})
    for (const double centered : {0, 1})
      for (const double inside : {0, 1})
        for (const double in_velocity : {0, 1})
          of_rmsprop.variants.push_back({{"rho", 0.875},
                                         {"momentum", momentum},
                                         {"epsilon", 0.125},
                                         {"centered", centered},
                                         {"epsilonInside", inside},
                                         {"rateInVelocity", in_velocity}});
  all["adadelta"] = {&adadelta,
                     {{{"rho", 0.95}, {"epsilon", 1e-7}}, {{"rho", 0.75}, {"epsilon", 0.125}}}};
  all["adam"] = {&adam, adam_variants()};
  all["adamw"] = {&adam, adam_variants()};
  Reference& of_adamax = all["adamax"] = {&adamax, {}};
  for (const double inside : {0, 1})
    of_adamax.variants.push_back(
        {{"beta1", 0.75}, {"beta2", 0.875}, {"epsilon", 0.125}, {"epsilonInside", inside}});
  Reference& of_nadam = all["nadam"] = {&nadam, {}};
  for (const double decay : {1.0, 0.004, 0.5})
    of_nadam.variants.push_back(
        {{"beta1", 0.75}, {"beta2", 0.875}, {"epsilon", 0.125}, {"momentumDecay", decay}});
  all["rprop"] = {
      &rprop,
      {{{"stepDecrease", 0.5}, {"stepIncrease", 1.2}, {"minimumStep", 1e-6}, {"maximumStep", 50}},
       {{"stepDecrease", 0.25},
        {"stepIncrease", 1.5},
        {"minimumStep", 0.0625},
        {"maximumStep", 0.125}}}};
  return all;
}

/// Options in the row's order. Fails unless they are exactly those that the row takes.
std::vector<double> in_order(const OptionNames& names, const Options& options) {
  REQUIRE(names.count == options.size());
  std::vector<double> values;
  values.reserve(names.count);
  for (std::size_t i = 0; i < names.count; ++i) {
    CAPTURE(names.names[i]);
    REQUIRE(options.count(names.names[i]) == 1);
    values.push_back(options.at(names.names[i]));
  }
  return values;
}

struct Penalty {
  double decay, lasso, shrink;
};

/// A weight after a step of a rule, with the penalties as ParameterSlice has them.
long double next_weight(Rule& rule, long double weight, double gradient, const Penalty& penalty,
                        double rate, int step) {
  const auto exact = [](double value) { return static_cast<long double>(value); };
  const long double sign = weight > 0 ? 1 : (weight < 0 ? -1 : 0);
  const long double g =
      exact(gradient) + exact(penalty.decay) * weight + exact(penalty.lasso) * sign;
  return exact(penalty.shrink) * weight - rule(g, exact(rate), step);
}

/// Weights that a row of the table moves.
template <typename T>
class Run {
 public:
  Run(const Optimizer<T>& row, const Options& options, std::vector<T> start)
      : weights(std::move(start)),
        row_(row),
        options_(in_order(row.options, options)),
        slots_(row.slots(options_.data()), std::vector<T>(weights.size())) {
    REQUIRE(slots_.size() <= Optimizer<T>::maximum_slots);
  }

  void step(double rate, const std::vector<T>& gradient, const Penalty& penalty = {0, 0, 1}) {
    std::vector<T*> slots;
    slots.reserve(slots_.size());
    for (std::vector<T>& slot : slots_) slots.push_back(slot.data());
    row_.prepare(options_.data(), rate, ++step_, scalars_, coefficients_);
    row_.update(coefficients_, {weights.data(), gradient.data(), slots.data(), weights.size(),
                                static_cast<T>(penalty.decay), static_cast<T>(penalty.lasso),
                                static_cast<T>(penalty.shrink)});
  }

  std::vector<T> weights;

 private:
  const Optimizer<T>& row_;
  std::vector<double> options_;
  std::vector<std::vector<T>> slots_;
  std::uint64_t step_ = 0;
  double scalars_[Optimizer<T>::maximum_scalars] = {};
  T coefficients_[Optimizer<T>::maximum_coefficients] = {};
};

/// Numbers in [-1, 1) that every float type holds.
class Numbers {
 public:
  double operator()() {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return static_cast<double>(state_ >> 44) / 524288 - 1;
  }

 private:
  std::uint64_t state_ = 1;
};

/// The number type of a row, in decltype.
template <typename T>
T number_of(const Optimizer<T>& row);

template <typename Check>
void for_each_table(const Check& check) {
  for (const InstructionSet& set : instruction_sets()) {
    if (!set.supported()) continue;
    CAPTURE(set.name);
    check(set.float_kernels().optimizers);
    check(set.double_kernels().optimizers);
  }
}

template <typename T>
void check_rule(const Optimizer<T>& row, const Reference& reference, const Options& options,
                const Penalty& penalty) {
  constexpr std::size_t size = 37;  // odd, so that the ends of vector loops are met
  Numbers draw;
  std::vector<T> start(size);
  for (T& weight : start) weight = static_cast<T>(draw());
  std::vector<long double> expected(start.begin(), start.end());
  Run<T> run(row, options, start);
  std::vector<Rule> rules;
  rules.reserve(size);
  for (std::size_t i = 0; i < size; ++i) rules.push_back(reference.make(options));
  for (int step = 1; step <= 50; ++step) {
    const double rate = step <= 20 ? 1.0 / 16 : 1.0 / 64;  // forms that differ by the rate's place
    std::vector<T> gradient(size);
    for (std::size_t i = 0; i < size; ++i) {
      gradient[i] = static_cast<T>(i == 5 ? 0 : draw());
      expected[i] =
          next_weight(rules[i], expected[i], static_cast<double>(gradient[i]), penalty, rate, step);
    }
    run.step(rate, gradient, penalty);
  }
  double largest = 0;
  for (std::size_t i = 0; i < size; ++i) {
    const long double error = std::abs(static_cast<long double>(run.weights[i]) - expected[i]);
    largest = std::max(largest, static_cast<double>(error / std::max(1.0L, std::abs(expected[i]))));
    CHECK(!std::isnan(run.weights[i]));
  }
  CHECK(largest <= 100 * static_cast<double>(std::numeric_limits<T>::epsilon()));
}

/// What a library made of the weights below in eight steps; see the gradients in the test.
struct Published {
  const char* name;
  Options options;
  double weight_decay;  // scaled by the rate and decoupled, or coupled
  bool decoupled;
  std::vector<double> weights;
};

Options adam_options(double amsgrad, double hat) {
  return {
      {"beta1", 0.8}, {"beta2", 0.9}, {"epsilon", 0.01}, {"amsgrad", amsgrad}, {"epsilonHat", hat}};
}

Options rmsprop_options(double momentum, double centered, bool keras) {
  return {{"rho", 0.8},           {"momentum", momentum},   {"epsilon", 0.01},
          {"centered", centered}, {"epsilonInside", keras}, {"rateInVelocity", keras}};
}

// Keras 3.15.1 (backend torch, floatx float64), PyTorch 2.15.0 and scikit-learn 1.9.1, float64.
// PyTorch keeps NAdam's product of momenta in its default type: that was float64 too.
std::vector<Published> published() {
  const auto sgd = [](double momentum, double nesterov, double in_velocity) -> Options {
    return {{"momentum", momentum}, {"nesterov", nesterov}, {"rateInVelocity", in_velocity}};
  };
  const auto adagrad = [](double initial, double epsilon, double inside) -> Options {
    return {{"initialAccumulator", initial}, {"epsilon", epsilon}, {"epsilonInside", inside}};
  };
  const auto adamax = [](double inside) -> Options {
    return {{"beta1", 0.8}, {"beta2", 0.9}, {"epsilon", 0.01}, {"epsilonInside", inside}};
  };
  const auto nadam = [](double decay) -> Options {
    return {{"beta1", 0.8}, {"beta2", 0.9}, {"epsilon", 0.01}, {"momentumDecay", decay}};
  };
  const auto rprop = [](double down, double up, double least, double most) -> Options {
    return {{"stepDecrease", down},
            {"stepIncrease", up},
            {"minimumStep", least},
            {"maximumStep", most}};
  };
  return {
      // Keras SGD without momentum
      {"gradientDescent", {}, 0, true, {0.4375, -1.5625, 2.0234375}},
      {"sgd", sgd(0, 0, 1), 0, true, {0.4375, -1.5625, 2.0234375}},
      // Keras, momentum .75; then with nesterov (scikit-learn the same); with weight_decay .1
      {"sgd",
       sgd(0.75, 0, 1),
       0,
       true,
       {0.23818397521972656, -1.7375173568725586, 2.0541505813598633}},
      {"sgd",
       sgd(0.75, 1, 1),
       0,
       true,
       {0.24113798141479492, -1.740638017654419, 2.0640504360198975}},
      {"sgd",
       sgd(0.75, 0, 1),
       0.1,
       true,
       {0.21121758547767505, -1.6281945744293784, 1.9194713276325215}},
      // PyTorch
      {"sgd",
       sgd(0.75, 0, 0),
       0,
       false,
       {0.3208589553833008, -1.7274622917175293, 2.0776124000549316}},
      {"sgd",
       sgd(0.75, 1, 0),
       0,
       false,
       {0.3031442165374756, -1.733096718788147, 2.0816468000411987}},
      {"sgd",
       sgd(0.75, 0, 0),
       0.1,
       false,
       {0.25292882980386366, -1.4729244394560745, 1.7609735829827893}},
      // Keras and PyTorch, first with their own defaults
      {"adagrad",
       adagrad(0.1, 1e-7, 1),
       0,
       true,
       {0.4024280211819974, -1.5928438119182262, 2.0469028935316116}},
      {"adagrad",
       adagrad(0, 1e-10, 0),
       0,
       false,
       {0.36878491879509606, -1.6049777778033605, 2.068149470238501}},
      {"adagrad",
       adagrad(0.5, 0.01, 1),
       0,
       true,
       {0.4326556336016091, -1.5673604178256226, 2.0258005159046752}},
      {"adagrad",
       adagrad(0.5, 0.01, 0),
       0,
       false,
       {0.43298428767730945, -1.567027983758544, 2.0256929195434457}},
      // Keras
      {"rmsprop",
       rmsprop_options(0, 0, true),
       0,
       true,
       {0.2707945465570129, -1.7075412134443435, 2.130928118848276}},
      {"rmsprop",
       rmsprop_options(0, 1, true),
       0,
       true,
       {0.23466883003390082, -1.747099368778664, 2.156989408636647}},
      {"rmsprop",
       rmsprop_options(0.75, 0, true),
       0,
       true,
       {-0.43039998856548894, -2.2923246623638085, 2.4016985209623294}},
      {"rmsprop",
       rmsprop_options(0.75, 1, true),
       0,
       true,
       {-0.5485321621614005, -2.4298132742136946, 2.484218554842217}},
      // PyTorch
      {"rmsprop",
       rmsprop_options(0, 0, false),
       0,
       false,
       {0.24091920689369012, -1.712844937719518, 2.149913212274603}},
      {"rmsprop",
       rmsprop_options(0, 1, false),
       0,
       false,
       {0.1877659322846139, -1.7576681312141011, 2.185472600630858}},
      {"rmsprop",
       rmsprop_options(0.75, 0, false),
       0,
       false,
       {-0.2645720607478628, -2.271043848168039, 2.492192046832558}},
      {"rmsprop",
       rmsprop_options(0.75, 1, false),
       0,
       false,
       {-0.4040495005142694, -2.400998241611292, 2.591570222741331}},
      // Keras and PyTorch alike
      {"adadelta",
       {{"rho", 0.8}, {"epsilon", 0.01}},
       0,
       true,
       {0.47445505858916104, -1.5199130453998488, 2.0110857580298425}},
      // Keras (scikit-learn the same) and PyTorch, without amsgrad and with
      {"adam",
       adam_options(0, 1),
       0,
       true,
       {0.2588985693133724, -1.7873857970031535, 2.117063110583136}},
      {"adam",
       adam_options(0, 0),
       0,
       false,
       {0.24778508092869556, -1.7952846497913935, 2.122752001197385}},
      {"adam",
       adam_options(1, 1),
       0,
       true,
       {0.2609612748156298, -1.7834051000793125, 2.1178609323643163}},
      {"adam",
       adam_options(1, 0),
       0,
       false,
       {0.2499080680031038, -1.791113998263968, 2.123598116467348}},
      // PyTorch's Adam, weight_decay .1; then AdamW of Keras and PyTorch
      {"adam",
       adam_options(0, 0),
       0.1,
       false,
       {0.19747662886720754, -1.600050144115696, 1.8774901406931728}},
      {"adamw",
       adam_options(0, 1),
       0.1,
       true,
       {0.23445428537923677, -1.6751266044017812, 1.9785889472960965}},
      {"adamw",
       adam_options(0, 0),
       0.1,
       true,
       {0.22388501887255105, -1.6826604591171541, 1.9839666775006672}},
      // Keras and PyTorch
      {"adamax", adamax(0), 0, true, {0.28906731167895644, -1.7650544448706578, 2.116034083575719}},
      {"adamax", adamax(1), 0, false, {0.2889809840756265, -1.7653131021097082, 2.116013620199979}},
      // Keras; PyTorch with momentum_decay .004 and .5
      {"nadam", nadam(1), 0, true, {0.32425519986052337, -1.6528292268660703, 2.098298186237448}},
      {"nadam",
       nadam(0.004),
       0,
       false,
       {0.3333100047966798, -1.6427703326465228, 2.097934581824353}},
      {"nadam",
       nadam(0.5),
       0,
       false,
       {0.3284644568892009, -1.6479839212761491, 2.0981009442489325}},
      // PyTorch
      {"rprop", rprop(0.5, 1.2, 1e-6, 50), 0, false, {0.2375, -1.7374999999999998, 2.25625}},
      {"rprop", rprop(0.25, 1.5, 0.1, 0.2), 0, false, {0.125, -1.7125, 2.475}},
  };
}

constexpr double first_weights[] = {0.5, -1.5, 2};

/// The gradient of weight i at a step, and the rate, of the published runs.
double published_gradient(int step, int i) { return ((7 * step + 3 * i) % 11 - 5) / 8.0; }
double published_rate(int step) { return step <= 3 ? 0.125 : 0.0625; }

}  // namespace

TEST_CASE("in every instruction set, fifty steps of every optimizer follow its formula") {
  const std::map<std::string, Reference> all = references();
  for_each_table([&](const auto& table) {
    for (const auto& row : table) {
      CAPTURE(row.name);
      REQUIRE_MESSAGE(all.count(row.name) == 1, "no reference for ", row.name);
      const Reference& reference = all.at(row.name);
      REQUIRE(!reference.variants.empty());
      for (const Options& options : reference.variants)
        for (const Penalty& penalty :
             {Penalty{0, 0, 1}, {1.0 / 128, 0, 1}, {1.0 / 128, 1.0 / 64, 1 - 1.0 / 512}})
          check_rule(row, reference, options, penalty);
    }
  });
}

TEST_CASE("every optimizer makes the steps of Keras, PyTorch and scikit-learn") {
  const std::map<std::string, Reference> all = references();
  std::map<std::string, int> covered;
  for (const Published& run : published()) {
    ++covered[run.name];
    CAPTURE(run.name);
    const auto penalty = [&](int step) -> Penalty {
      if (!run.decoupled) return {run.weight_decay, 0, 1};
      return {0, 0, 1 - published_rate(step) * run.weight_decay};
    };
    for (std::size_t i = 0; i < 3; ++i) {
      Rule rule = all.at(run.name).make(run.options);
      auto w = static_cast<long double>(first_weights[i]);
      for (int step = 1; step <= 8; ++step)
        w = next_weight(rule, w, published_gradient(step, static_cast<int>(i)), penalty(step),
                        published_rate(step), step);
      CHECK(static_cast<double>(w) == doctest::Approx(run.weights[i]).epsilon(1e-14));
    }
    for (const InstructionSet& set : instruction_sets()) {
      if (!set.supported()) continue;
      CAPTURE(set.name);
      const Optimizer<double>* row = find(set.double_kernels().optimizers, run.name);
      REQUIRE(row != nullptr);
      Run<double> own(*row, run.options, {std::begin(first_weights), std::end(first_weights)});
      for (int step = 1; step <= 8; ++step) {
        std::vector<double> gradient(3);
        for (std::size_t i = 0; i < 3; ++i)
          gradient[i] = published_gradient(step, static_cast<int>(i));
        own.step(published_rate(step), gradient, penalty(step));
      }
      for (std::size_t i = 0; i < 3; ++i)
        CHECK(own.weights[i] == doctest::Approx(run.weights[i]).epsilon(1e-14));
    }
  }
  for (const Optimizer<double>& row : kernels<double>().optimizers) {
    INFO("no published run for ", row.name);
    CHECK(covered[row.name] > 0);
  }
}

TEST_CASE("a learning rate of zero leaves the weights as they are") {
  const std::map<std::string, Reference> all = references();
  for_each_table([&](const auto& table) {
    for (const auto& row : table) {
      CAPTURE(row.name);
      if (std::string(row.name) == "rprop") continue;  // its steps are at least minimumStep
      using T = decltype(number_of(row));
      for (const Options& options : all.at(row.name).variants) {
        const std::vector<T> start = {1, -2, static_cast<T>(0.3), 0};
        Run<T> run(row, options, start);
        for (int step = 0; step < 5; ++step) run.step(0, {1, -1, 0, 3}, {0.5, 0.25, 1});
        CHECK(run.weights == start);
      }
    }
  });
}

TEST_CASE("a gradient of NaN stays in its weight and in no other") {
  const std::map<std::string, Reference> all = references();
  for_each_table([&](const auto& table) {
    for (const auto& row : table) {
      CAPTURE(row.name);
      using T = decltype(number_of(row));
      for (const Options& options : all.at(row.name).variants) {
        Run<T> run(row, options, std::vector<T>(40, T{1}));
        std::vector<T> gradient(40, T{1});
        run.step(0.125, gradient);
        gradient[7] = std::numeric_limits<T>::quiet_NaN();
        run.step(0.125, gradient);
        gradient[7] = 1;
        run.step(0.125, gradient);
        for (std::size_t i = 0; i < 40; ++i) CHECK(std::isnan(run.weights[i]) == (i == 7));
      }
    }
  });
}

TEST_CASE("centered rmsprop survives gradients that do not vary") {
  // Then the variance is rounding, of either sign.
  for_each_table([&](const auto& table) {
    const auto& row = *find(table, "rmsprop");
    using T = decltype(number_of(row));
    Run<T> run(row, rmsprop_options(0, 1, false), std::vector<T>(16, T{1}));
    for (int step = 0; step < 500; ++step) {
      std::vector<T> gradient(16);
      for (std::size_t i = 0; i < 16; ++i) gradient[i] = static_cast<T>(i + 1) / 3;
      run.step(1e-3, gradient);
    }
    for (const T weight : run.weights) CHECK(std::isfinite(weight));
  });
}
