#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <memory>
#include <numeric>
#include <string_view>

#include "core/step.h"
#include "layer_settings.h"

using namespace gemmnet;

// Layers whose products are cut by columns too, beside layers of every other kind.

namespace {

/// With layers of these widths, as few rows and weights as a layer of that kind can have.
constexpr std::size_t rows = 700;
constexpr std::size_t width = 770;
constexpr std::size_t outputs = 3;
constexpr std::size_t most_threads = 8;

/// Gives `width` columns for nine: the first one is taken as categories.
LayerSettings widening() { return embedding({{0, 3, width - 8}}); }

enum class Cost { crossentropy, squared_error, custom };

struct Case {
  std::vector<LayerSettings> layers;
  std::vector<std::size_t> frozen;
  std::size_t penalised = 0;  // a layer with a penalty of its outputs, or 0
  std::size_t inputs = 9;
};

/// The same as squared_error, where the labels are not gathered as targets.
class SquaredError final : public CustomLoss<float>, public CustomLoss<double> {
 public:
  bool compute(const Predictions<float>& seen, double& value, MatrixView<float> into) override {
    return squared(seen, value, into);
  }
  bool compute(const Predictions<double>& seen, double& value, MatrixView<double> into) override {
    return squared(seen, value, into);
  }

 private:
  template <typename T>
  static bool squared(const Predictions<T>& seen, double& value, MatrixView<T> into) {
    value = 0;
    const double count = static_cast<double>(into.rows);
    for (std::size_t r = 0; r < into.rows; ++r)
      for (std::size_t c = 0; c < into.columns; ++c) {
        const T error = seen.outputs.row(r)[c] - (seen.labels[r] == static_cast<int>(c) ? 1 : 0);
        value += static_cast<double>(error * error) / count;
        into.row(r)[c] = 2 * error / static_cast<T>(count);
      }
    return true;
  }
};

/// A network on its way through `rows` rows.
template <typename T>
class Way {
 public:
  /// In pieces of `piece` rows.
  Way(const Case& which, std::size_t piece, Cost loss = Cost::crossentropy)
      : network_(which.inputs, which.layers, 5),
        objective_(network_, settings(which, loss)),
        features_(rows * which.inputs),
        places_(rows) {
    const std::size_t inputs = which.inputs;
    const Philox random(3, Stream::initial_weights, 0);
    for (std::size_t i = 0; i < features_.size(); ++i) features_[i] = 2 * random.uniform(i) - 1;
    for (std::size_t r = 0; r < rows; ++r)
      data_.labels.push_back(features_[r * inputs] > 0 ? 0 : features_[r * inputs + 1] > 0 ? 1 : 2);
    data_.features = {ElementType::float64, features_.data(), rows, inputs, 1};
    data_.classes = outputs;
    std::iota(places_.begin(), places_.end(), 0U);
    // Not the ones and zeros that many tensors begin with.
    block_ = *network_.parameters();
    for (const auto& place : network_.tensors())
      for (std::size_t i = 0; place.shape.rows == 1 && i < place.shape.size(); ++i)
        block_[place.shape.offset + i] += static_cast<T>(0.3 * random.uniform(i));
    for (const std::size_t frozen : which.frozen) network_.set_trainable(frozen, false);
    const UpdateSettings none{{"gradientDescent", {}}, 0, true, {}, {}};
    step_ = std::make_unique<Step<T>>(network_, objective_, none, state_, nullptr, &custom_loss_,
                                      typename Step<T>::BatchSize{rows, piece}, most_threads);
    step_->load(block_);
  }

  double differentiate(std::size_t threads) {
    ThreadTeam team(threads);
    return step_->differentiate(data_, places_, team, scores_);
  }
  std::vector<T> gradient() const {
    return {step_->gradient().data(), step_->gradient().data() + network_.block_size()};
  }
  /// The cost with the weights moved.
  double cost_at(const std::vector<T>& direction, T distance) {
    AlignedBuffer<T> moved(block_);
    for (std::size_t i = 0; i < moved.size(); ++i) moved[i] += distance * direction[i];
    step_->load(moved);
    ThreadTeam team(2);
    const double cost = step_->cost(data_, places_, team, scores_);
    step_->load(block_);
    return cost;
  }

  [[nodiscard]] const Network<T>& network() const { return network_; }
  [[nodiscard]] std::size_t blocked_layers() const {
    const Plan plan = make_plan(network_, rows);
    return static_cast<std::size_t>(
        std::ranges::count_if(plan.layer_blocks, [](const LayerBlocks& blocks) {
          return blocks.outputs.count() != 0 && blocks.inputs.count() != 0;
        }));
  }

 private:
  ObjectiveSettings settings(const Case& which, Cost loss) const {
    ObjectiveSettings made;
    const bool is_binary = std::string_view(which.layers.back().activation.name) == "sigmoid";
    if (loss == Cost::crossentropy)
      made.loss = is_binary ? NamedOptions{"binaryCrossentropy", {0, 1e-7, 1}}
                            : NamedOptions{"categoricalCrossentropy", {0, 1e-7}};
    if (loss == Cost::squared_error) made.loss = {"meanSquaredError", {1, 0}};
    made.tensor_penalties.assign(network_.tensors().size(), {0, 1e-4});
    made.activity_penalties.assign(network_.layers().size(), {});
    if (which.penalised != 0) made.activity_penalties[which.penalised] = {1e-3, 1e-2};
    return made;
  }

  Network<T> network_;
  Objective<T> objective_;
  SquaredError custom_loss_;
  OptimizerState<T> state_;
  AlignedBuffer<T> block_;
  std::unique_ptr<Step<T>> step_;
  Rows data_;
  std::vector<double> features_;
  std::vector<std::uint32_t> places_;
  Scores scores_;
};

/// No layer of these couples rows.
std::vector<Case> uncoupled() {
  return {
      {{dense(width, "tanh"), dense(width, "gelu", {0}), dense(width - 9, "relu"),
        dense(outputs, "softmax")},
       {},
       0},
      {{dense(width, "relu"), layer("dropout", {0.3}), dense(width, "silu"),
        layer("layerNorm", {1e-3}), dense(width, "softmax"), dense(width, "sigmoid"),
        dense(outputs, "softmax")},
       {},
       1},
      {{dense(width, "relu"), dense(width, "tanh"), dense(width, "silu"),
        dense(outputs, "softmax")},
       {0, 2},
       2},
      {{dense(width, "relu"), dense(width, "tanh"), dense(width, "silu"),
        dense(outputs, "softmax")},
       {0, 1, 3},
       0},
      {{dense(width, "tanh"), dense(width, "tanh"), dense(outputs, "softmax")}, {0, 1}, 0},
      {{dense(width, "tanh"), dense(width, "sigmoid")}, {}, 0, width},
      {{dense(width, "silu"), dense(width, "sigmoid")}, {}, 1, width},
      {{dense(width, "gelu", {0}), dense(width, "sigmoid")}, {0}, 0, width},
      {{widening(), dense(width, "tanh"), dense(outputs, "softmax")}, {}, 0},
      {{widening(), dense(width, "tanh"), dense(outputs, "softmax")}, {0}, 0},
  };
}

std::vector<Case> coupled() {
  return {
      {{dense(width, "tanh"), batch_norm(), dense(width, "gelu", {0}), batch_norm(),
        dense(outputs, "softmax")},
       {},
       0},
      {{batch_norm(), dense(width, "tanh"), dense(width, "tanh"), dense(width, "silu"),
        batch_norm(), batch_norm(), dense(outputs, "softmax")},
       {0, 2},
       3},
      {{dense(width, "tanh"), dense(width, "silu"), batch_norm(), layer("dropout", {0.2}),
        dense(outputs, "softmax")},
       {0, 1},
       0},
      {{batch_norm(), dense(width, "tanh"), dense(width, "sigmoid")}, {}, 0, width},
      {{widening(), batch_norm(), dense(width, "tanh"), dense(outputs, "softmax")}, {}, 0},
  };
}

double norm(const auto& values) {
  double sum = 0;
  for (const auto value : values) sum += static_cast<double>(value) * static_cast<double>(value);
  return std::sqrt(sum);
}

/// Of the gradients of two networks, relative: that of the tensor in which they differ most.
template <typename T, typename U>
double largest_distance(const Way<T>& a, const Way<U>& b) {
  const auto gradient_a = a.gradient();
  const auto gradient_b = b.gradient();
  double largest = 0;
  for (std::size_t place = 0; place < a.network().tensors().size(); ++place) {
    if (!a.network().learns(a.network().tensors()[place])) continue;
    const Tensor& in_a = a.network().tensors()[place].shape;
    const Tensor& in_b = b.network().tensors()[place].shape;
    std::vector<double> part(in_a.size());
    std::vector<double> difference(in_a.size());
    for (std::size_t i = 0; i < part.size(); ++i) {
      part[i] = static_cast<double>(gradient_b[in_b.offset + i]);
      difference[i] = static_cast<double>(gradient_a[in_a.offset + i]) - part[i];
    }
    largest = std::max(largest, norm(difference) / norm(part));
  }
  return largest;
}

}  // namespace

TEST_CASE_TEMPLATE("wide layers beside any others have the same bits on any number of threads", T,
                   float, double) {
  std::vector<Case> cases = uncoupled();
  std::ranges::copy(coupled(), std::back_inserter(cases));
  for (std::size_t i = 0; i < cases.size(); ++i) {
    CAPTURE(i);
    Way<T> way(cases[i], rows, i % 2 == 1 ? Cost::custom : Cost::crossentropy);
    REQUIRE(way.blocked_layers() != 0);
    const double cost = way.differentiate(1);
    const std::vector<T> gradient = way.gradient();
    CHECK(std::isfinite(cost));
    for (std::size_t threads = 2; threads <= most_threads; threads += threads < 4 ? 1 : 4) {
      CAPTURE(threads);
      CHECK(way.differentiate(threads) == cost);
      CHECK(way.gradient() == gradient);
    }
  }
}

TEST_CASE("wide layers cut by columns have the gradients of those that go with the rows") {
  constexpr std::size_t piece = 90;
  const std::vector<Case> cases = uncoupled();
  for (std::size_t i = 0; i < cases.size(); ++i) {
    CAPTURE(i);
    Way<double> cut(cases[i], rows);
    Way<double> by_rows(cases[i], piece);
    Way<float> rounded(cases[i], rows);
    const double cost = cut.differentiate(2);
    CHECK(by_rows.differentiate(2) == doctest::Approx(cost).epsilon(1e-12));
    CHECK(rounded.differentiate(2) == doctest::Approx(cost).epsilon(1e-5));
    CHECK(largest_distance(by_rows, cut) < 1e-12);
    CHECK(largest_distance(rounded, cut) < 1e-3);
  }
}

TEST_CASE("wide layers have the same gradients below a loss of the caller's as below the table's") {
  std::vector<Case> cases = uncoupled();
  std::ranges::copy(coupled(), std::back_inserter(cases));
  for (std::size_t i = 0; i < cases.size(); ++i) {
    CAPTURE(i);
    Way<double> custom(cases[i], rows, Cost::custom);
    Way<double> table(cases[i], rows, Cost::squared_error);
    CHECK(custom.differentiate(2) == doctest::Approx(table.differentiate(2)).epsilon(1e-12));
    CHECK(largest_distance(custom, table) < 1e-12);
  }
}

TEST_CASE("costs change along the gradients of wide layers beside coupled ones as those say") {
  for (const Case& which : coupled()) {
    Way<double> way(which, rows);
    Way<float> rounded(which, rows);
    way.differentiate(2);
    rounded.differentiate(2);
    CHECK(largest_distance(rounded, way) < 1e-3);
    const auto gradient = way.gradient();
    for (const auto& place : way.network().tensors()) {
      if (!way.network().learns(place)) continue;
      CAPTURE(place.layer);
      CAPTURE(place.tensor);
      // Of the whole network at once would hide the small gradients behind the large ones.
      std::vector<double> direction(gradient.size());
      for (std::size_t i = place.shape.offset; i < place.shape.end(); ++i)
        direction[i] = gradient[i];
      const double steepness = norm(direction);
      for (double& component : direction) component /= steepness;
      constexpr double side = 1e-4;
      const double slope =
          (way.cost_at(direction, side) - way.cost_at(direction, -side)) / (2 * side);
      CHECK(slope == doctest::Approx(steepness).epsilon(1e-5));
    }
  }
}
