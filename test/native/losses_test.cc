// Over 400 lines: a reference for each loss, and what all losses have to satisfy.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "core/instruction_sets.h"

using namespace gemmnet;

namespace {

using Numbers = std::vector<long double>;
using Options = std::map<std::string, double>;

/// Keras's defaults, and values beside them. An option that is not here fails the tests.
const Options default_options = {{"sumOutputs", 0},     {"halved", 0},     {"delta", 1},
                                 {"labelSmoothing", 0}, {"epsilon", 1e-7}, {"quantile", 0.5}};
const Options other_options = {{"sumOutputs", 1},       {"halved", 1},     {"delta", 0.7},
                               {"labelSmoothing", 0.2}, {"epsilon", 1e-3}, {"quantile", 0.8}};

template <typename T>
std::vector<double> in_order(const Loss<T>& loss, const Options& options) {
  std::vector<double> values;
  for (std::size_t i = 0; i < loss.options.count; ++i) {
    REQUIRE_MESSAGE(options.contains(loss.options.names[i]), "no value for the option ",
                    loss.options.names[i]);
    values.push_back(options.at(loss.options.names[i]));
  }
  return values;
}

/// The defaults, the defaults with one option changed, and all options changed.
template <typename T>
std::vector<Options> variants(const Loss<T>& loss) {
  std::vector<Options> all = {default_options};
  for (std::size_t i = 0; i < loss.options.count; ++i) {
    all.push_back(default_options);
    all.back().at(loss.options.names[i]) = other_options.at(loss.options.names[i]);
  }
  if (loss.options.count > 1) all.push_back(other_options);
  return all;
}

long double option(const Options& options, const char* name) {
  return static_cast<long double>(options.at(name));
}

long double clip(long double x, long double low, long double high) {
  return std::min(std::max(x, low), high);
}

/// The average over outputs, or their sum, of a function of output and target.
auto outputs_of(const std::function<long double(const Options&, long double, long double)>& value) {
  return [value](const Options& options, const Numbers& a, const Numbers& y) {
    long double sum = 0;
    for (std::size_t c = 0; c < a.size(); ++c) sum += value(options, a[c], y[c]);
    return options.at("sumOutputs") != 0 ? sum : sum / static_cast<long double>(a.size());
  };
}

long double hinge_target(long double y) { return y == 0 ? -1 : y; }

/// What the losses are of one row, in long double: written from the formulas, not from the kernels.
const std::map<std::string,
               std::function<long double(const Options&, const Numbers&, const Numbers&)>>
    references = {
        {"meanSquaredError",
         [](const Options& options, const Numbers& a, const Numbers& y) {
           const auto mean = outputs_of([](const Options&, long double p, long double q) {
             return (p - q) * (p - q);
           })(options, a, y);
           return options.at("halved") != 0 ? mean / 2 : mean;
         }},
        {"halfSquaredError",
         [](const Options&, const Numbers& a, const Numbers& y) {
           long double sum = 0;
           for (std::size_t c = 0; c < a.size(); ++c) sum += (a[c] - y[c]) * (a[c] - y[c]) / 2;
           return sum;
         }},
        {"meanAbsoluteError",
         outputs_of([](const Options&, long double a, long double y) { return std::abs(a - y); })},
        {"huber", outputs_of([](const Options& options, long double a, long double y) {
           const long double delta = option(options, "delta");
           const long double size = std::abs(a - y);
           return size <= delta ? size * size / 2 : delta * size - delta * delta / 2;
         })},
        {"logCosh", outputs_of([](const Options&, long double a, long double y) {
           const long double half = std::sinh((a - y) / 2);
           return std::log1p(2 * half * half);
         })},
        {"quantile", outputs_of([](const Options& options, long double a, long double y) {
           const long double q = option(options, "quantile");
           return std::max(q * (y - a), (q - 1) * (y - a));
         })},
        {"meanSquaredLogarithmicError",
         outputs_of([](const Options&, long double a, long double y) {
           const long double e = std::log1p(std::max(a, 1e-7L)) - std::log1p(std::max(y, 1e-7L));
           return e * e;
         })},
        {"poisson", outputs_of([](const Options&, long double a, long double y) {
           return a - y * std::log(a + 1e-7L);
         })},
        {"klDivergence",
         [](const Options&, const Numbers& a, const Numbers& y) {
           long double sum = 0;
           for (std::size_t c = 0; c < a.size(); ++c) {
             const long double q = clip(y[c], 1e-7L, 1);
             sum += q * std::log(q / clip(a[c], 1e-7L, 1));
           }
           return sum;
         }},
        {"hinge", outputs_of([](const Options&, long double a, long double y) {
           return std::max(1 - hinge_target(y) * a, 0.0L);
         })},
        {"squaredHinge", outputs_of([](const Options&, long double a, long double y) {
           const long double margin = std::max(1 - hinge_target(y) * a, 0.0L);
           return margin * margin;
         })},
        {"categoricalHinge",
         [](const Options&, const Numbers& a, const Numbers& y) {
           long double positive = 0;
           long double negative = -std::numeric_limits<long double>::infinity();
           for (std::size_t c = 0; c < a.size(); ++c) {
             positive += y[c] * a[c];
             negative = std::max(negative, (1 - y[c]) * a[c]);
           }
           return std::max(negative - positive + 1, 0.0L);
         }},
        {"binaryCrossentropy", outputs_of([](const Options& options, long double a, long double y) {
           const long double smoothing = option(options, "labelSmoothing");
           const long double epsilon = option(options, "epsilon");
           const long double target = y * (1 - smoothing) + smoothing / 2;
           return -target * std::log(clip(a, epsilon, 1 - epsilon)) -
                  (1 - target) * std::log(clip(1 - a, epsilon, 1 - epsilon));
         })},
        {"categoricalCrossentropy",
         [](const Options& options, const Numbers& a, const Numbers& y) {
           const long double smoothing = option(options, "labelSmoothing");
           const long double epsilon = option(options, "epsilon");
           long double total = 0;
           for (const long double p : a) total += p;
           long double sum = 0;
           for (std::size_t c = 0; c < a.size(); ++c)
             sum -= (y[c] * (1 - smoothing) + smoothing / static_cast<long double>(a.size())) *
                    std::log(clip(a[c] / total, epsilon, 1 - epsilon));
           return sum;
         }},
};

long double reference(const std::string& loss, const Options& options, const Numbers& a,
                      const Numbers& y) {
  REQUIRE_MESSAGE(references.contains(loss), "no reference for ", loss);
  return references.at(loss)(options, a, y);
}

/// The activation of a row of logits, in long double.
Numbers activate(const std::string& name, Numbers z) {
  if (name == "sigmoid") {
    for (long double& x : z) x = 1 / (1 + std::exp(-x));
    return z;
  }
  REQUIRE_MESSAGE(name == "softmax", "no reference for ", name);
  const long double largest = *std::max_element(z.begin(), z.end());
  long double sum = 0;
  for (long double& x : z) sum += x = std::exp(x - largest);
  for (long double& x : z) x /= sum;
  return z;
}

/// Rows for a loss, in memory whose rows lie apart.
template <typename T>
struct Batch {
  std::size_t rows;
  std::size_t columns;
  std::size_t stride;
  std::vector<T> input;
  std::vector<T> targets;
  std::vector<T> weights;
  std::vector<std::int32_t> labels;  // of the largest target in each row
  std::vector<T> outputs;
  std::vector<T> gradient;

  LossRows<T> view() {
    outputs.assign(rows * stride, T(7));
    gradient.assign(rows * stride, T(7));
    LossRows<T> batch;
    batch.input = MatrixView<const T>(input.data(), rows, columns, stride);
    batch.outputs = {outputs.data(), rows, columns, stride};
    batch.targets = MatrixView<const T>(targets.data(), rows, columns, stride);
    batch.weights = weights.data();
    batch.gradient = {gradient.data(), rows, columns, stride};
    return batch;
  }
  Numbers row(const std::vector<T>& of, std::size_t index) const {
    const T* const first = of.data() + index * stride;
    return {first, first + columns};
  }
};

/// Rows well inside the domain of the loss, or logits; the same numbers for float and double.
template <typename T>
Batch<T> make_batch(const Loss<T>& loss, std::size_t columns, bool logits, bool one_hot) {
  Batch<T> batch{4, columns, columns + 3, {}, {}, {}, {}, {}, {}};
  std::mt19937 engine(static_cast<unsigned>(columns));
  const auto uniform = [&](double low, double high) {
    return static_cast<T>(
        static_cast<float>(low + (high - low) * 0x1p-32 * static_cast<double>(engine())));
  };
  const std::string name = loss.name;
  const bool signs = name == "hinge" || name == "squaredHinge";
  for (std::size_t r = 0; r < batch.rows; ++r) {
    std::size_t largest = 0;
    for (std::size_t c = 0; c < batch.stride; ++c) {
      if (logits || loss.domain == LossDomain::any) batch.input.push_back(uniform(-2, 2));
      if (!logits && loss.domain == LossDomain::positive) batch.input.push_back(uniform(0.2, 4));
      if (!logits && loss.domain == LossDomain::probabilities)
        batch.input.push_back(uniform(0.2, 0.8));
      if (signs)
        batch.targets.push_back(static_cast<T>(static_cast<int>(engine() % 3) - 1));
      else if (loss.domain == LossDomain::any)
        batch.targets.push_back(uniform(-2, 2));
      else if (loss.domain == LossDomain::positive)
        batch.targets.push_back(uniform(0, 4));
      else
        batch.targets.push_back(uniform(0.01, 1));
      const std::size_t first = r * batch.stride;
      if (c < columns && batch.targets[first + c] > batch.targets[first + largest]) largest = c;
    }
    batch.labels.push_back(static_cast<std::int32_t>(largest));
    if (one_hot || name == "categoricalHinge")
      for (std::size_t c = 0; c < columns; ++c)
        batch.targets[r * batch.stride + c] = c == largest ? T{1} : T{0};
    batch.weights.push_back(r == 2 ? T{0} : uniform(0.5, 3));
  }
  return batch;
}

template <typename T>
double apply(const Loss<T>& loss, bool fused, const std::vector<double>& options,
             const LossRows<T>& rows) {
  return (fused ? loss.fused_value : loss.value)(options.data(), rows);
}

double distance(const std::vector<double>& a, const std::vector<double>& b) {
  double squares = 0;
  for (std::size_t i = 0; i < a.size(); ++i) squares += (a[i] - b[i]) * (a[i] - b[i]);
  return std::sqrt(squares);
}
double norm(const std::vector<double>& a) { return distance(a, std::vector<double>(a.size())); }

/// Central differences, row by row, of the value in double: dC/dinput.
std::vector<double> differences(const Loss<double>& loss, bool fused,
                                const std::vector<double>& options, Batch<double> batch) {
  std::vector<double> slopes;
  const LossRows<double> all = batch.view();
  for (std::size_t r = 0; r < batch.rows; ++r) {
    LossRows<double> row = all;
    row.input = MatrixView<const double>(all.input.row(r), 1, batch.columns);
    row.outputs = {all.outputs.row(r), 1, batch.columns};
    row.targets = MatrixView<const double>(all.targets.row(r), 1, batch.columns);
    row.weights = nullptr;
    row.gradient = {};
    for (std::size_t c = 0; c < batch.columns; ++c) {
      double& x = batch.input[r * batch.stride + c];
      const double before = x;
      const double step = std::cbrt(std::numeric_limits<double>::epsilon());
      const double above = x = before + step;
      const double cost_above = apply(loss, fused, options, row);
      const double below = x = before - step;
      const double cost_below = apply(loss, fused, options, row);
      x = before;
      slopes.push_back(batch.weights[r] * (cost_above - cost_below) / (above - below));
    }
  }
  return slopes;
}

/// The elements that the views have, without the gaps between rows, which must be untouched.
template <typename T>
std::vector<double> elements(const Batch<T>& batch, const std::vector<T>& of) {
  std::vector<double> values;
  for (std::size_t r = 0; r < batch.rows; ++r)
    for (std::size_t c = 0; c < batch.stride; ++c)
      if (c < batch.columns)
        values.push_back(static_cast<double>(of[r * batch.stride + c]));
      else
        CHECK(of[r * batch.stride + c] == T{7});
  return values;
}

template <typename T>
void check_loss(const Loss<T>& loss, const Loss<double>& exact, bool fused, std::size_t columns,
                const Options& options, bool one_hot) {
  CAPTURE(columns);
  CAPTURE(one_hot);
  const double epsilon = static_cast<double>(std::numeric_limits<T>::epsilon());
  const std::vector<double> values = in_order(loss, options);
  std::string given;
  for (std::size_t i = 0; i < values.size(); ++i)
    given += std::string(loss.options.names[i]) + " " + std::to_string(values[i]) + " ";
  CAPTURE(given);
  Batch<T> batch = make_batch(loss, columns, fused, one_hot);

  // The value, with weights, against the reference.
  long double want = 0;
  long double size = 0;
  for (std::size_t r = 0; r < batch.rows; ++r) {
    const Numbers input = batch.row(batch.input, r);
    const Numbers a = fused ? activate(loss.fused_with, input) : input;
    const long double one = static_cast<long double>(batch.weights[r]) *
                            reference(loss.name, options, a, batch.row(batch.targets, r));
    want += one;
    size += std::abs(one);
  }
  LossRows<T> view = batch.view();
  const double value = apply(loss, fused, values, view);
  const double tolerance =
      8 * epsilon * static_cast<double>(size + static_cast<long double>(batch.rows));
  CHECK(std::abs(value - static_cast<double>(want)) <= tolerance);

  // The fused form leaves the activation's values.
  if (fused) {
    for (std::size_t r = 0; r < batch.rows; ++r) {
      const Numbers a = activate(loss.fused_with, batch.row(batch.input, r));
      for (std::size_t c = 0; c < columns; ++c)
        CHECK(std::abs(static_cast<double>(batch.outputs[r * batch.stride + c]) -
                       static_cast<double>(a[c])) <= 8 * epsilon * static_cast<double>(a[c]));
    }
  }

  // The gradient against central differences in double; float's against that of double.
  const std::vector<double> gradient = elements(batch, batch.gradient);
  Batch<double> same = make_batch(exact, columns, fused, one_hot);
  if constexpr (std::is_same_v<T, double>) {
    const std::vector<double> numeric = differences(loss, fused, values, same);
    CHECK(distance(gradient, numeric) <= 1e-8 * (norm(gradient) + norm(numeric)) + 1e-12);
  } else {
    const LossRows<double> rows = same.view();
    (void)apply(exact, fused, values, rows);
    const std::vector<double> precise = elements(same, same.gradient);
    CHECK(distance(gradient, precise) <= 16 * epsilon * (norm(precise) + 1));
  }

  // A scale multiplies the gradient, not the value; 2 and 1/2 do it without rounding.
  view.scale = T(0.5);
  CHECK(apply(loss, fused, values, view) == value);
  std::vector<double> scaled = elements(batch, batch.gradient);
  for (double& slope : scaled) slope *= 2;
  CHECK(scaled == gradient);
  view.scale = 1;

  // Without a gradient the value is the same; so are weights of 1 and none.
  view.gradient = {};
  CHECK(std::abs(apply(loss, fused, values, view) - value) <= tolerance);
  batch.weights.assign(batch.rows, T{1});
  const double unweighted = apply(loss, fused, values, view);
  view.weights = nullptr;
  CHECK(apply(loss, fused, values, view) == unweighted);

  // In place of the logits.
  if (fused) {
    const std::vector<T> apart = batch.outputs;
    std::vector<T> in_place = batch.input;
    view.input = MatrixView<const T>(in_place.data(), batch.rows, columns, batch.stride);
    view.outputs = {in_place.data(), batch.rows, columns, batch.stride};
    CHECK(apply(loss, fused, values, view) == unweighted);
    for (std::size_t r = 0; r < batch.rows; ++r)
      for (std::size_t c = 0; c < columns; ++c)
        CHECK(in_place[r * batch.stride + c] == apart[r * batch.stride + c]);
  }

  // Labels are one-hot targets.
  if (loss.reads_labels && one_hot) {
    view = batch.view();
    const double dense = apply(loss, fused, values, view);
    const std::vector<double> dense_gradient = elements(batch, batch.gradient);
    view = batch.view();
    view.targets = {};
    view.labels = batch.labels.data();
    CHECK(std::abs(apply(loss, fused, values, view) - dense) <= tolerance);
    CHECK(distance(elements(batch, batch.gradient), dense_gradient) <=
          4 * epsilon * norm(dense_gradient));
  }
}

/// Calls `visit(loss, the same in double, fused)` for each loss, form, type and instruction set.
template <typename Visit>
void walk(const Visit& visit) {
  for (const InstructionSet& set : instruction_sets()) {
    if (!set.supported()) continue;
    CAPTURE(std::string(set.name));
    const auto all = [&](const auto& losses, const char* type) {
      for (const auto& loss : losses) {
        const Loss<double>& exact = *find(set.double_kernels().losses, loss.name);
        const std::string form = std::string(loss.name) + " of " + type;
        {
          CAPTURE(form);
          visit(loss, exact, false);
        }
        if (loss.fused_with != nullptr) {
          INFO(form, ", fused");
          visit(loss, exact, true);
        }
      }
    };
    all(set.float_kernels().losses, "float");
    all(set.double_kernels().losses, "double");
  }
}

/// One row through a loss with dense targets.
template <typename T>
struct Single {
  double value;
  std::vector<T> gradient;
};
template <typename T>
Single<T> apply_to_row(const Loss<T>& loss, bool fused, const Options& options,
                       const std::vector<T>& input, const std::vector<T>& targets) {
  Single<T> single{0, std::vector<T>(input.size())};
  std::vector<T> outputs(input.size());
  LossRows<T> rows;
  rows.input = MatrixView<const T>(input.data(), 1, input.size());
  rows.outputs = {outputs.data(), 1, input.size()};
  rows.targets = MatrixView<const T>(targets.data(), 1, input.size());
  rows.gradient = {single.gradient.data(), 1, input.size()};
  single.value = apply(loss, fused, in_order(loss, options), rows);
  return single;
}

Options with(Options options, const std::string& name, double value) {
  options.at(name) = value;
  return options;
}

/// Two rows, what Keras computes of each, and with which options.
struct KerasCase {
  const char* loss;
  bool fused;
  Options options;
  std::vector<double> input;
  std::vector<double> targets;
  double values[2];
};

const std::vector<double> any_outputs = {0.25, -1.5, 3.0, -0.75, 2.5, 0.125};
const std::vector<double> any_targets = {1.0, -1.25, 0.5, -0.5, -2.0, 4.0};
const std::vector<double> positive_outputs = {0.25, 0.5, 3.0, 0.75, 2.5, 0.125};
const std::vector<double> positive_targets = {1.0, 0.0, 2.0, 3.0, 0.5, 4.0};
const std::vector<double> probabilities = {0.2, 0.5, 0.3, 0.05, 0.15, 0.8};
const std::vector<double> distributions = {0.0, 1.0, 0.0, 0.125, 0.25, 0.625};
const std::vector<double> binary_targets = {0, 1, 0, 1, 0, 1};
const std::vector<double> one_hot_targets = {0, 1, 0, 0, 0, 1};
const std::vector<double> beyond = {0.0, 1.0, 0.5, 2.0, -0.5, 0.25};
const Options smoothed = with(default_options, "labelSmoothing", 0.2);

/// Computed with Keras 3.15.1 in float64 (jax 0.10.2, keras.losses and its from_logits forms).
const KerasCase keras_cases[] = {
    {"meanSquaredError",
     false,
     default_options,
     any_outputs,
     any_targets,
     {2.2916666666666665, 11.776041666666666}},
    {"meanAbsoluteError",
     false,
     default_options,
     any_outputs,
     any_targets,
     {1.1666666666666667, 2.875}},
    {"huber", false, default_options, any_outputs, any_targets, {0.7708333333333334, 2.46875}},
    {"huber",
     false,
     with(default_options, "delta", 0.7),
     any_outputs,
     any_targets,
     {0.6054166666666667, 1.8012499999999998}},
    {"logCosh",
     false,
     default_options,
     any_outputs,
     any_targets,
     {0.7009213563240472, 2.340063164829211}},
    {"poisson",
     false,
     default_options,
     positive_outputs,
     positive_targets,
     {0.979689772372362, 4.032554466046306}},
    {"meanSquaredLogarithmicError",
     false,
     default_options,
     positive_outputs,
     positive_targets,
     {0.15602208637149076, 1.2087817996645955}},
    {"meanSquaredLogarithmicError",
     false,
     default_options,
     any_outputs,
     any_targets,
     {0.39430981168923457, 1.2648163586985004}},
    {"klDivergence",
     false,
     default_options,
     probabilities,
     distributions,
     {0.6931442382818868, 0.08795519871856344}},
    {"klDivergence",
     false,
     default_options,
     beyond,
     distributions,
     {-1.5424948470398373e-06, 3.995701837170975}},
    {"hinge",
     false,
     default_options,
     any_outputs,
     binary_targets,
     {2.5833333333333335, 2.0416666666666665}},
    {"hinge",
     false,
     default_options,
     any_outputs,
     {-1, 1, -1, 1, -1, 1},
     {2.5833333333333335, 2.0416666666666665}},
    {"squaredHinge", false, default_options, any_outputs, binary_targets, {7.9375, 5.359375}},
    {"categoricalHinge", false, default_options, any_outputs, one_hot_targets, {5.5, 3.375}},
    {"binaryCrossentropy",
     false,
     default_options,
     probabilities,
     binary_targets,
     {0.4243218919376292, 1.1271315847886585}},
    {"binaryCrossentropy",
     false,
     smoothed,
     probabilities,
     distributions,
     {0.4987749659878657, 0.7002472106990706}},
    {"binaryCrossentropy",
     false,
     default_options,
     beyond,
     binary_targets,
     {0.23104912685331838, 0.4620981870399668}},
    {"binaryCrossentropy",
     true,
     default_options,
     any_outputs,
     binary_targets,
     {1.8586466831451127, 1.449453258574873}},
    {"binaryCrossentropy",
     true,
     smoothed,
     any_outputs,
     binary_targets,
     {1.7003133498117793, 1.345286591908206}},
    {"categoricalCrossentropy",
     false,
     default_options,
     probabilities,
     one_hot_targets,
     {0.6931471805599453, 0.2231435513142097}},
    {"categoricalCrossentropy",
     false,
     smoothed,
     probabilities,
     distributions,
     {0.7882882709359551, 1.131635387306619}},
    {"categoricalCrossentropy",
     false,
     default_options,
     positive_outputs,
     distributions,
     {2.0149030205422647, 2.3229338639623247}},
    {"categoricalCrossentropy",
     false,
     default_options,
     {1, 0, 0, 0, 0, 2},
     one_hot_targets,
     {16.11809565095832, 1.0000000494736474e-07}},
    {"categoricalCrossentropy",
     true,
     default_options,
     any_outputs,
     distributions,
     {4.572354947266237, 2.0144242989670933}},
    {"categoricalCrossentropy",
     true,
     smoothed,
     any_outputs,
     one_hot_targets,
     {4.155688280599571, 2.3987992989670937}},
};

}  // namespace

TEST_CASE("losses equal their formulas, and their gradients central differences") {
  walk([]<typename T>(const Loss<T>& loss, const Loss<double>& exact, bool fused) {
    for (const Options& options : variants(loss)) {
      for (const std::size_t columns : {1, 3, 16, 37}) {
        // A softmax of one output is 1, where probabilities are clipped.
        if (columns == 1 && loss.reads_labels) continue;
        check_loss(loss, exact, fused, columns, options, false);
        if (loss.reads_labels) check_loss(loss, exact, fused, columns, options, true);
      }
    }
  });
}

TEST_CASE("losses equal Keras's") {
  walk([]<typename T>(const Loss<T>& loss, const Loss<double>&, bool fused) {
    if constexpr (std::is_same_v<T, double>) {
      for (const KerasCase& one : keras_cases) {
        if (one.loss != std::string_view(loss.name) || one.fused != fused) continue;
        for (std::ptrdiff_t r = 0; r < 2; ++r) {
          const auto row = [&](const std::vector<double>& of) {
            return std::vector<double>(of.begin() + 3 * r, of.begin() + 3 * r + 3);
          };
          const double value =
              apply_to_row(loss, fused, one.options, row(one.input), row(one.targets)).value;
          // The values of the clipped probabilities carry the rounding of Keras's 1 - 1e-7.
          CHECK(std::abs(value - one.values[r]) <= 1e-12 * std::abs(one.values[r]) + 1e-10);
        }
      }
    }
  });
}

TEST_CASE("NaN in an output or a target reaches the loss, and the gradient of its place") {
  walk([]<typename T>(const Loss<T>& loss, const Loss<double>&, bool fused) {
    constexpr T nan = std::numeric_limits<T>::quiet_NaN();
    for (const Options& options : variants(loss)) {
      for (const std::size_t place : {0, 5, 18}) {
        std::vector<T> outputs(19, T(0.5));
        std::vector<T> targets(19, T{1});
        outputs[place] = nan;
        const Single<T> of_output = apply_to_row(loss, fused, options, outputs, targets);
        CHECK(std::isnan(of_output.value));
        CHECK(std::isnan(of_output.gradient[place]));
        outputs[place] = T(0.5);
        targets[place] = nan;
        const Single<T> of_target = apply_to_row(loss, fused, options, outputs, targets);
        CHECK(std::isnan(of_target.value));
        CHECK(std::isnan(of_target.gradient[place]));
      }
    }
  });
}

TEST_CASE("fused losses and their gradients are finite and right at logits of +-1000") {
  walk([]<typename T>(const Loss<T>& loss, const Loss<double>&, bool fused) {
    if (!fused) return;
    const std::vector<T> logits = {1000, -1000, 0};
    for (const Options& options : variants(loss)) {
      for (std::size_t truth = 0; truth < 3; ++truth) {
        std::vector<T> targets(3, T{0});
        targets[truth] = 1;
        const Single<T> single = apply_to_row(loss, true, options, logits, targets);
        CHECK(std::isfinite(single.value));
        for (const T slope : single.gradient) CHECK(std::abs(slope) <= 1);
      }
    }
    // What is certainly wrong costs its logit; what is right costs nothing.
    const Single<T> right = apply_to_row(loss, true, default_options, {1000, -1000}, {1, 0});
    CHECK(right.value == 0);
    CHECK(right.gradient == std::vector<T>{0, 0});
    const Single<T> wrong = apply_to_row(loss, true, default_options, {1000, -1000}, {0, 1});
    CHECK(wrong.value == (loss.reads_labels ? 2000 : 1000));
  });
}

TEST_CASE("probabilities are clipped at each library's epsilon, with a gradient of 0 there") {
  walk([]<typename T>(const Loss<T>& loss, const Loss<double>&, bool fused) {
    if (fused || loss.fused_with == nullptr) return;
    // Keras, PyTorch, scikit-learn.
    for (const double epsilon : {1e-7, std::exp(-100.0), 0x1p-52}) {
      CAPTURE(epsilon);
      const Options options = with(default_options, "epsilon", epsilon);
      const auto cost = [&](const std::vector<T>& a, const std::vector<T>& y) {
        Single<T> single = apply_to_row(loss, false, options, a, y);
        for (const T slope : single.gradient) CHECK(std::isfinite(slope));
        return single;
      };
      // Certainly wrong, and all that lies beyond. The first output's target is 1, its output 0.
      const Single<T> wrong = cost({0, 1}, {1, 0});
      CHECK(wrong.value == doctest::Approx(-std::log(epsilon)).epsilon(1e-6));
      CHECK(wrong.gradient == std::vector<T>{0, 0});
      const Single<T> right = cost({0, 1}, {0, 1});
      CHECK(right.value == doctest::Approx(-std::log1p(-epsilon)).epsilon(1e-6));
      if (loss.reads_labels) continue;
      CHECK(cost({-3, 4}, {1, 0}).value == wrong.value);
      CHECK(cost({-3, 4}, {1, 0}).gradient == std::vector<T>{0, 0});
      CHECK(cost({-3, 4}, {0, 1}).value == right.value);
    }
  });
}

TEST_CASE("Kullback-Leibler divergence clips both at 1e-7 and 1") {
  walk([]<typename T>(const Loss<T>& loss, const Loss<double>&, bool) {
    if (std::string_view(loss.name) != "klDivergence") return;
    const Single<T> single = apply_to_row<T>(loss, false, default_options, {0, 2}, {1, 1});
    CHECK(single.value == doctest::Approx(std::log(1e7)));
    CHECK(single.gradient == std::vector<T>{0, 0});
  });
}

TEST_CASE("losses keep their digits where formulas as written would lose them") {
  walk([]<typename T>(const Loss<T>& loss, const Loss<double>&, bool fused) {
    const std::string name = loss.name;
    const double epsilon = static_cast<double>(std::numeric_limits<T>::epsilon());
    const auto is_close = [&](double got, double want) {
      CAPTURE(got);
      CAPTURE(want);
      CHECK(std::abs(got - want) <= 8 * epsilon * std::abs(want));
    };
    // log(cosh(e)) is e^2 / 2 near 0 and |e| - log(2) where cosh overflows.
    if (name == "logCosh") {
      const auto cost = [&](double e) {
        return apply_to_row(loss, false, default_options, {static_cast<T>(e)}, {T{0}});
      };
      for (const double e : {0x1p-30, -0x1p-40}) is_close(cost(e).value, e * e / 2);
      for (const double e : {0.01, 0.5, 0.99, 1.01, -3.0, 15.0}) {
        const double half = std::sinh(static_cast<double>(static_cast<T>(e)) / 2);
        is_close(cost(e).value, std::log1p(2 * half * half));
      }
      for (const double e : {1e4, -1e30}) is_close(cost(e).value, std::abs(e) - std::log(2.0));
      CHECK(cost(-1e30).gradient[0] == -1);
      CHECK(cost(0).value == 0);
    }
    // The square of an error beyond delta would overflow.
    if (name == "huber")
      is_close(apply_to_row(loss, false, default_options, {T(1e30)}, {T{0}}).value, 1e30);
    // log(1 + exp(z)) - z is exp(-z) for a large z.
    if (name == "binaryCrossentropy" && fused) {
      is_close(apply_to_row(loss, true, default_options, {T(40)}, {T{1}}).value, std::exp(-40.0));
      is_close(apply_to_row(loss, true, default_options, {T(-40)}, {T{0}}).value, std::exp(-40.0));
    }
  });
}

TEST_CASE("where a loss has a kink its gradient is 0") {
  walk([]<typename T>(const Loss<T>& loss, const Loss<double>&, bool fused) {
    const std::string name = loss.name;
    if (fused || !loss.kinked) return;
    // Margins of exactly 0; else no error at all.
    std::vector<T> outputs = {T{1}, T{1}};
    const std::vector<T> targets = {T{1}, T{1}};
    if (name == "categoricalHinge") outputs = {T(0.5), T(0.5)};
    const Single<T> single = apply_to_row(loss, false, default_options, outputs, targets);
    CHECK(single.value == 0);
    CHECK(single.gradient == std::vector<T>{0, 0});
  });
}
