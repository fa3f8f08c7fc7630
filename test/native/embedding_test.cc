#include "core/embedding.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <stdexcept>

#include "core/layers.h"
#include "core/random.h"
#include "core/step.h"
#include "layer_settings.h"

using namespace gemmnet;

namespace {

/// A whole number from 0 to bound - 1.
std::size_t draw(const Philox& random, std::size_t bound, std::uint64_t index) {
  return static_cast<std::size_t>(random.uniform(index) * static_cast<double>(bound));
}

/// Tables of the columns given, not in their order: value j of category k is 1000 (table + 1) +
/// 10 k + j.
template <typename T>
struct Numbered {
  std::vector<EmbeddedColumn> columns;
  Embedding<T> layer;
  AlignedBuffer<T> parameters;

  Numbered(std::vector<EmbeddedColumn> given, std::size_t inputs)
      : columns(std::move(given)),
        layer(embedding(columns), 0, inputs, 0),
        parameters(layer.tensors().back().end()) {
    for (std::size_t table = 0; table < columns.size(); ++table) {
      const MatrixView<T> rows = layer.tensors()[table].view(parameters.data());
      for (std::size_t k = 0; k < rows.rows; ++k)
        for (std::size_t j = 0; j < rows.columns; ++j)
          rows.row(k)[j] = static_cast<T>(1000 * (table + 1) + 10 * k + j);
    }
  }

  std::vector<T> forward(std::vector<T> input) {
    std::vector<T> output(layer.outputs());
    LayerPass<T> pass;
    pass.parameters = parameters.data();
    pass.input = MatrixView<const T>(input.data(), 1, input.size());
    pass.output = MatrixView<T>(output.data(), 1, output.size());
    layer.forward(pass, {0, 1}, Layer<T>::Ending::activation);
    return output;
  }
};

}  // namespace

TEST_CASE_TEMPLATE("columns with categories become rows of their tables, the others pass", T, float,
                   double) {
  Numbered<T> two({{3, 7, 2}, {1, 4, 3}}, 5);
  CHECK(two.layer.outputs() == 8);
  CHECK(two.layer.tensors()[0].name == "embedding0");
  CHECK(two.layer.tensors()[1].name == "embedding1");
  CHECK(two.forward({T{-1}, 2, T(0.5), 6, T(9.5)}) ==
        std::vector<T>{-1, 2020, 2021, 2022, T(0.5), 1060, 1061, T(9.5)});

  CHECK(Numbered<T>({{0, 3, 1}}, 1).forward({2}) == std::vector<T>{1020});
  CHECK(Numbered<T>({{0, 3, 2}, {1, 2, 1}}, 2).forward({0, 1}) == std::vector<T>{1000, 1001, 2010});
  CHECK(Numbered<T>({{2, 3, 1}}, 3).forward({T(.25), T(.5), 1}) ==
        std::vector<T>{T(.25), T(.5), 1010});
}

TEST_CASE_TEMPLATE("values that are no category read the nearest row, and nothing else", T, float,
                   double) {
  using Limits = std::numeric_limits<T>;
  Numbered<T> one({{0, 5, 1}}, 1);
  for (const T low : {T{-1}, T(-0.4), T(0.4), -Limits::infinity(), Limits::lowest(),
                      Limits::quiet_NaN(), Limits::denorm_min()})
    CHECK(one.forward({low})[0] == 1000);
  for (const T high : {T{5}, T(4.5), T(3.6), T(1e9), T(1e30), Limits::infinity(), Limits::max()})
    CHECK(one.forward({high})[0] == 1040);
  CHECK(one.forward({T(1.6)})[0] == 1020);
  CHECK(one.forward({T(1.4)})[0] == 1010);
}

TEST_CASE_TEMPLATE("categories up to 2^24 are told apart", T, float, double) {
  constexpr std::size_t categories = std::size_t{1} << 24;
  Embedding<T> layer(embedding({{0, categories, 1}}), 0, 1, 0);
  AlignedBuffer<T> table(categories);
  LayerPass<T> pass;
  pass.parameters = table.data();
  for (const std::size_t category :
       {categories - 1, categories - 2, categories / 2 + 1, categories / 2, categories / 2 - 1}) {
    table[category] = 1;
    const T input = static_cast<T>(category);
    T output = 0;
    pass.input = MatrixView<const T>(&input, 1, 1);
    pass.output = MatrixView<T>(&output, 1, 1);
    layer.forward(pass, {0, 1}, Layer<T>::Ending::activation);
    CHECK(output == 1);
    table[category] = 0;
  }
}

TEST_CASE_TEMPLATE("gradients of tables are sums over the rows of a category, part by part", T,
                   float, double) {
  constexpr std::size_t rows = 60;
  constexpr std::size_t categories = 9;
  constexpr std::size_t dimensions = 5;
  const Embedding<T> layer(embedding({{1, categories, dimensions}, {0, 3, 1}}), 0, 2, 0);
  const Philox random(1, Stream::initial_weights, 0);
  Matrix<T> input(rows, 2);
  Matrix<T> gradient(rows, layer.outputs());
  std::vector<T> expected(categories * dimensions, T{0});
  for (std::size_t r = 0; r < rows; ++r) {
    const std::size_t category = draw(random, categories - 1, r);  // the last one never comes
    input.view().row(r)[0] = 2;
    input.view().row(r)[1] = static_cast<T>(category);
    for (std::size_t c = 0; c < layer.outputs(); ++c)
      gradient.view().row(r)[c] = static_cast<T>(random.uniform(100 + r * 10 + c) - 0.5);
    for (std::size_t j = 0; j < dimensions; ++j)
      expected[category * dimensions + j] += gradient.view().row(r)[1 + j];
  }
  LayerPass<T> pass;
  pass.input = input.view();
  pass.output_gradient = gradient.view();

  for (const T beta : {T{0}, T{1}, T(0.5)})
    for (const Range part_rows : {Range{0, 9}, Range{0, 4}, Range{4, 5}, Range{5, 9}})
      for (const Range columns : {Range{0, 5}, Range{0, 2}, Range{2, 5}}) {
        // What is overwritten may be anything.
        const T before = beta == 0 ? std::numeric_limits<T>::quiet_NaN() : T{2};
        std::vector<T> values(part_rows.size() * columns.size(), before);
        const MatrixView<T> into(values.data(), part_rows.size(), columns.size());
        layer.gradient(pass, 0, part_rows, columns, beta, into);
        for (std::size_t k = part_rows.begin; k < part_rows.end; ++k)
          for (std::size_t j = columns.begin; j < columns.end; ++j) {
            const T value = into.row(k - part_rows.begin)[j - columns.begin];
            const T sum = expected[k * dimensions + j];
            if (beta == 0)
              CHECK(value == sum);
            else
              CHECK(value == doctest::Approx(beta * 2 + sum).epsilon(1e-5));
          }
      }
}

TEST_CASE("an embedding is refused where it would read what is not there") {
  const auto make = [](std::vector<EmbeddedColumn> columns, std::size_t number = 0) {
    return Embedding<float>(embedding(std::move(columns)), number, 3, 0);
  };
  CHECK_NOTHROW(make({{2, 1, 1}}));
  CHECK_THROWS_AS(make({{3, 1, 1}}), std::invalid_argument);
  CHECK_THROWS_AS(make({{0, 2, 1}, {0, 2, 1}}), std::invalid_argument);
  CHECK_THROWS_AS(make({{0, 0, 1}}), std::invalid_argument);
  CHECK_THROWS_AS(make({{0, 1, 0}}), std::invalid_argument);
  CHECK_THROWS_AS(make({{0, 1, 1}}, 1), std::invalid_argument);
}

TEST_CASE("the first row that is no category is found in the order of the view") {
  const std::vector<float> values = {0, 9, 1, 9, 2, 9, 1.5, 9, -1, 9, 3, 9};
  auto rows = std::make_shared<Rows>();
  rows->features = {ElementType::float32, values.data(), 6, 2, 1};
  const Dataset all(rows);
  const auto view = [&](std::vector<std::uint32_t> places) { return all.subset(places); };
  CHECK(first_other_than_category(all, 0, 3) == 3);
  CHECK(first_other_than_category(all, 1, 10) == std::nullopt);
  CHECK(first_other_than_category(all, 1, 9) == 0);
  CHECK(first_other_than_category(view({2, 1, 0}), 0, 3) == std::nullopt);
  CHECK(first_other_than_category(view({2, 1, 0}), 0, 2) == 0);
  CHECK(first_other_than_category(view({0, 5}), 0, 4) == std::nullopt);
  CHECK(first_other_than_category(view({0, 4}), 0, 4) == 1);

  const std::vector<std::uint8_t> bytes = {0, 10, 20, 25};
  auto scaled = std::make_shared<Rows>();
  scaled->features = {ElementType::uint8, bytes.data(), 4, 1, 0.1};
  CHECK(first_other_than_category(Dataset(scaled), 0, 3) == 3);
}

namespace {

constexpr std::size_t step_rows = 900;
constexpr std::size_t step_categories = 40'000;

/// The gradient of a network whose table is cut into several tiles.
template <typename T>
std::vector<T> step_gradient(std::size_t piece, std::size_t threads) {
  Network<T> network(
      3, {embedding({{1, step_categories, 5}, {2, 6, 2}}), dense(8, "tanh"), dense(2, "softmax")},
      1);
  std::vector<double> features(step_rows * 3);
  Rows data;
  const Philox random(2, Stream::initial_weights, 0);
  for (std::size_t r = 0; r < step_rows; ++r) {
    features[3 * r] = random.uniform(r) - 0.5;
    // Some categories come often.
    features[3 * r + 1] =
        static_cast<float>(draw(random, r % 2 == 0 ? 3 : step_categories, step_rows + r));
    features[3 * r + 2] = static_cast<double>(draw(random, 6, 2 * step_rows + r));
    data.labels.push_back(static_cast<std::int32_t>(draw(random, 2, 3 * step_rows + r)));
  }
  data.features = {ElementType::float64, features.data(), step_rows, 3, 1};
  data.classes = 2;
  std::vector<std::uint32_t> places(step_rows);
  std::iota(places.begin(), places.end(), 0U);
  ObjectiveSettings settings;
  settings.loss = {"categoricalCrossentropy", {0, 1e-7}};
  settings.tensor_penalties.assign(network.tensors().size(), {0, 1e-4});
  settings.activity_penalties.assign(network.layers().size(), {});
  const Objective<T> objective(network, settings);
  OptimizerState<T> state;
  Step<T> step(network, objective, {{"gradientDescent", {}}, 0, true, {}, {}}, state, nullptr,
               nullptr, {step_rows, piece}, threads);
  step.load(*network.parameters());
  ThreadTeam team(threads);
  Scores scores;
  CHECK(std::isfinite(step.differentiate(data, places, team, scores)));
  return {step.gradient().data(), step.gradient().data() + network.block_size()};
}

}  // namespace

TEST_CASE_TEMPLATE("gradients of tables have the same bits on any number of threads", T, float,
                   double) {
  const std::vector<T> alone = step_gradient<T>(step_rows, 1);
  for (const std::size_t threads : {2, 3, 4, 8})
    CHECK(step_gradient<T>(step_rows, threads) == alone);
}

TEST_CASE("gradients of tables add up over the pieces of a batch") {
  const std::vector<double> whole = step_gradient<double>(step_rows, 2);
  const std::vector<double> pieces = step_gradient<double>(130, 2);
  REQUIRE(pieces.size() == whole.size());
  double largest = 0;
  for (std::size_t i = 0; i < whole.size(); ++i)
    largest = std::max(largest, std::abs(whole[i] - pieces[i]));
  CHECK(largest < 1e-15);
}

TEST_CASE("tables are cut into tiles that are worth looking at every row for") {
  for (const auto& [categories, dimensions] : std::vector<std::pair<std::size_t, std::size_t>>{
           {100'000, 16}, {2'000'000, 1}, {3000, 1000}, {200, 8}, {70'000, 3}}) {
    CAPTURE(categories);
    const Network<float> network(
        2, {embedding({{0, categories, dimensions}}), dense(64, "relu"), dense(1, "linear")}, 0);
    for (const std::size_t rows : {1, 64, 4096}) {
      const Plan plan = make_plan(network, rows);
      std::size_t tiles = 0;
      std::size_t covered = 0;
      for (const TensorTile& tile : plan.tensor_tiles) {
        if (tile.place != 0) continue;
        ++tiles;
        covered += tile.size();
        CHECK(tile.size() <= 256 * 512);
      }
      CHECK(covered == categories * dimensions);
      CHECK((tiles == 1 || covered / tiles > 12'000));
      if (categories * dimensions > 1'000'000) CHECK(tiles >= 8);
    }
  }
}
