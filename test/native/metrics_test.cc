// Over 400 lines: mostly reference values.
#include "core/metrics.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

using namespace gemmnet;

namespace {

/// Rows that a metric is tried on.
struct Sample {
  std::size_t outputs = 1;
  std::vector<double> predictions;
  std::vector<double> targets;       // empty: those of the labels
  std::vector<std::int32_t> labels;  // empty: targets only
  std::vector<double> weights;       // empty: none

  [[nodiscard]] std::size_t size() const { return predictions.size() / outputs; }
};

/// How the classes of a sample are told to a metric.
enum class Targets : std::uint8_t { labels, dense };

/// The rows of a sample at some places, in type T; owns what `predictions()` views.
template <typename T>
class Given {
 public:
  Given(const Sample& sample, Targets form, const std::vector<std::size_t>& places)
      : outputs_(sample.outputs) {
    const bool dense = form == Targets::dense || sample.labels.empty() || outputs_ == 1;
    for (const std::size_t r : places) {
      for (std::size_t c = 0; c < outputs_; ++c) {
        predictions_.push_back(static_cast<T>(sample.predictions[r * outputs_ + c]));
        if (!dense) continue;
        double target = 0;
        if (!sample.targets.empty())
          target = sample.targets[r * outputs_ + c];
        else if (outputs_ == 1)
          target = sample.labels[r];
        else
          target = sample.labels[r] == static_cast<std::int32_t>(c) ? 1 : 0;
        targets_.push_back(static_cast<T>(target));
      }
      if (!dense) labels_.push_back(sample.labels[r]);
      if (!sample.weights.empty()) weights_.push_back(static_cast<T>(sample.weights[r]));
    }
  }

  [[nodiscard]] Predictions<T> predictions() const {
    const std::size_t rows = predictions_.size() / outputs_;
    Predictions<T> given;
    given.outputs = {predictions_.data(), rows, outputs_};
    if (!targets_.empty()) given.targets = {targets_.data(), rows, outputs_};
    if (!labels_.empty()) given.labels = labels_.data();
    if (!weights_.empty()) given.weights = weights_.data();
    return given;
  }

 private:
  std::size_t outputs_;
  std::vector<T> predictions_;
  std::vector<T> targets_;
  std::vector<std::int32_t> labels_;
  std::vector<T> weights_;
};

std::vector<std::size_t> range(std::size_t begin, std::size_t end) {
  std::vector<std::size_t> places;
  for (std::size_t r = begin; r < end; ++r) places.push_back(r);
  return places;
}

/// The values of a metric of the rows at each of `parts`, merged in that order.
template <typename T = double>
std::vector<double> values_of(const std::string& name, const std::vector<double>& options,
                              const Sample& sample, Targets form,
                              const std::vector<std::vector<std::size_t>>& parts) {
  const Metric<T>& metric = find_required(metrics<T>(), "metric", name);
  REQUIRE(metric.options.count == options.size());
  REQUIRE(metric.refusal(options.data(), sample.outputs) == nullptr);
  std::vector<double> values(metric.values(options.data(), sample.outputs), std::nan(""));
  const std::size_t size = metric.sums(options.data(), sample.outputs);
  if (metric.of_all != nullptr) {
    REQUIRE(size == 0);
    REQUIRE(values.size() == 1);
    std::vector<std::size_t> places;
    for (const auto& part : parts) places.insert(places.end(), part.begin(), part.end());
    return {metric.of_all(options.data(), Given<T>(sample, form, places).predictions())};
  }
  std::vector<double> merged(size, 0);
  for (const auto& part : parts) {
    std::vector<double> sums(size, 0);
    metric.add(options.data(), Given<T>(sample, form, part).predictions(), sums.data());
    if (metric.merge != nullptr)
      metric.merge(options.data(), sample.outputs, sums.data(), merged.data());
    else
      for (std::size_t i = 0; i < size; ++i) merged[i] += sums[i];
  }
  metric.finish(options.data(), sample.outputs, merged.data(), values.data());
  return values;
}

template <typename T = double>
double value_of(const std::string& name, const std::vector<double>& options, const Sample& sample,
                Targets form = Targets::labels) {
  return values_of<T>(name, options, sample, form, {range(0, sample.size())}).at(0);
}

void check_equal(const std::vector<double>& got, const std::vector<double>& want,
                 double tolerance = 1e-12) {
  REQUIRE(got.size() == want.size());
  for (std::size_t i = 0; i < got.size(); ++i)
    CHECK(got[i] == doctest::Approx(want[i]).epsilon(tolerance));
}

const std::vector<double> some_weights = {1, 2, 0.5, 1, 3, 1.5, 0.25, 2};

// clang-format off
const Sample three = {
    3,
    {.7, .2, .1,  .1, .6, .3,  .25, .25, .5,  .3, .4, .3,
     .5, .3, .2,  .2, .2, .6,  .1, .8, .1,  .4, .35, .25},
    {}, {0, 1, 2, 2, 0, 1, 1, 2}, some_weights};
const Sample two = {
    2,
    {.7, .3,  .4, .6,  .4, .6,  .2, .8,  .55, .45,  .6, .4,  .4, .6,  .3, .7},
    {}, {0, 1, 0, 1, 1, 0, 1, 0}, some_weights};
const Sample one = {1, {.3, .6, .6, .8, .45, .4, .6, .7}, {}, {0, 1, 0, 1, 1, 0, 1, 0},
                    some_weights};
const Sample regression = {
    3,
    {1.5, -2, .25,  .5, 1, 2,  -1, .75, 3,  2, 2.5, -1,
     .1, -.3, .7,  1, 1, 1,  3, -1, 2,  -.5, .5, .5},
    {1, -1.5, 0,  1, 1, 2,  -1.5, .5, 2.5,  2.5, 2, -1,
     0, 0, 1,  1.25, .5, 1,  2, -2, 2,  0, .25, 0},
    {}, some_weights};
// clang-format on

constexpr auto automatic = static_cast<double>(ClassAverage::automatic);
constexpr auto macro = static_cast<double>(ClassAverage::macro);
constexpr auto micro = static_cast<double>(ClassAverage::micro);
constexpr auto weighted = static_cast<double>(ClassAverage::weighted);
constexpr auto binary = static_cast<double>(ClassAverage::binary);
constexpr auto macro_area = static_cast<double>(AreaAverage::macro);
constexpr auto weighted_area = static_cast<double>(AreaAverage::weighted);

struct Reference {
  std::string metric;
  std::vector<double> options;
  const Sample& sample;
  bool weighted;
  std::vector<double> values;
};

// By scikit-learn 1.9.1: accuracy_score, precision_score, recall_score, f1_score, roc_auc_score
// (multi_class='ovr'; of several outputs the one-hot targets), log_loss, mean_squared_error and its
// square root, mean_absolute_error, r2_score, confusion_matrix. binaryAccuracy and topKAccuracy by
// their formulas in NumPy 2.4.6.
const std::vector<Reference> references = {
    // clang-format off
    {"accuracy", {}, three, false, {0.625}},
    {"binaryAccuracy", {0.5}, three, false, {0.75}},
    {"binaryAccuracy", {0.35}, three, false, {0.75}},
    {"topKAccuracy", {1}, three, false, {0.625}},
    {"topKAccuracy", {2}, three, false, {0.875}},
    {"precision", {macro}, three, false, {0.611111111111111}},
    {"recall", {macro}, three, false, {0.6666666666666666}},
    {"f1", {macro}, three, false, {0.6222222222222222}},
    {"precision", {micro}, three, false, {0.625}},
    {"recall", {micro}, three, false, {0.625}},
    {"f1", {micro}, three, false, {0.625}},
    {"precision", {weighted}, three, false, {0.6041666666666666}},
    {"recall", {weighted}, three, false, {0.625}},
    {"f1", {weighted}, three, false, {0.6000000000000001}},
    {"rocAuc", {macro_area}, three, false, {0.7999999999999999}},
    {"rocAuc", {weighted_area}, three, false, {0.7749999999999999}},
    {"logLoss", {}, three, false, {0.8345804447523437}},
    {"meanSquaredError", {}, three, false, {0.16000000000000003}},
    {"rootMeanSquaredError", {}, three, false, {0.4}},
    {"meanAbsoluteError", {}, three, false, {0.3458333333333334}},
    {"r2", {}, three, false, {0.28566666666666657}},
    {"confusionMatrix", {}, three, false, {2, 0, 0, 0, 2, 1, 1, 1, 1}},
    {"accuracy", {}, two, false, {0.625}},
    {"binaryAccuracy", {0.5}, two, false, {0.625}},
    {"binaryAccuracy", {0.35}, two, false, {0.5625}},
    {"precision", {macro}, two, false, {0.6333333333333333}},
    {"recall", {macro}, two, false, {0.625}},
    {"f1", {macro}, two, false, {0.6190476190476191}},
    {"precision", {micro}, two, false, {0.625}},
    {"recall", {micro}, two, false, {0.625}},
    {"f1", {micro}, two, false, {0.625}},
    {"precision", {weighted}, two, false, {0.6333333333333333}},
    {"recall", {weighted}, two, false, {0.625}},
    {"f1", {weighted}, two, false, {0.6190476190476191}},
    {"precision", {binary}, two, false, {0.6}},
    {"recall", {binary}, two, false, {0.75}},
    {"f1", {binary}, two, false, {0.6666666666666666}},
    {"rocAuc", {macro_area}, two, false, {0.6875}},
    {"rocAuc", {weighted_area}, two, false, {0.6875}},
    {"logLoss", {}, two, false, {0.6288833248710971}},
    {"meanSquaredError", {}, two, false, {0.22031250000000002}},
    {"rootMeanSquaredError", {}, two, false, {0.4693745838879647}},
    {"meanAbsoluteError", {}, two, false, {0.44375}},
    {"r2", {}, two, false, {0.11874999999999991}},
    {"confusionMatrix", {}, two, false, {2, 2, 1, 3}},
    {"accuracy", {}, one, false, {0.625}},
    {"binaryAccuracy", {0.5}, one, false, {0.625}},
    {"binaryAccuracy", {0.35}, one, false, {0.625}},
    {"precision", {macro}, one, false, {0.6333333333333333}},
    {"recall", {macro}, one, false, {0.625}},
    {"f1", {macro}, one, false, {0.6190476190476191}},
    {"precision", {micro}, one, false, {0.625}},
    {"recall", {micro}, one, false, {0.625}},
    {"f1", {micro}, one, false, {0.625}},
    {"precision", {weighted}, one, false, {0.6333333333333333}},
    {"recall", {weighted}, one, false, {0.625}},
    {"f1", {weighted}, one, false, {0.6190476190476191}},
    {"precision", {binary}, one, false, {0.6}},
    {"recall", {binary}, one, false, {0.75}},
    {"f1", {binary}, one, false, {0.6666666666666666}},
    {"rocAuc", {macro_area}, one, false, {0.6875}},
    {"rocAuc", {weighted_area}, one, false, {0.6875}},
    {"logLoss", {}, one, false, {0.6288833248710971}},
    {"meanSquaredError", {}, one, false, {0.2203125}},
    {"rootMeanSquaredError", {}, one, false, {0.46937458388796466}},
    {"meanAbsoluteError", {}, one, false, {0.44375000000000003}},
    {"r2", {}, one, false, {0.11875000000000002}},
    {"confusionMatrix", {}, one, false, {2, 2, 1, 3}},
    {"meanSquaredError", {}, regression, false, {0.2058333333333333}},
    {"rootMeanSquaredError", {}, regression, false, {0.4536885862938733}},
    {"meanAbsoluteError", {}, regression, false, {0.36250000000000004}},
    {"r2", {}, regression, false, {0.8536862141442629}},
    {"accuracy", {}, three, true, {0.6}},
    {"binaryAccuracy", {0.5}, three, true, {0.7185185185185184}},
    {"binaryAccuracy", {0.35}, three, true, {0.7333333333333333}},
    {"topKAccuracy", {1}, three, true, {0.6}},
    {"topKAccuracy", {2}, three, true, {0.8222222222222222}},
    {"precision", {macro}, three, true, {0.5363247863247863}},
    {"recall", {macro}, three, true, {0.580952380952381}},
    {"f1", {macro}, three, true, {0.5415584415584417}},
    {"precision", {micro}, three, true, {0.6}},
    {"recall", {micro}, three, true, {0.6}},
    {"f1", {micro}, three, true, {0.6}},
    {"precision", {weighted}, three, true, {0.5455840455840456}},
    {"recall", {weighted}, three, true, {0.6}},
    {"f1", {weighted}, three, true, {0.5552958152958153}},
    {"rocAuc", {macro_area}, three, true, {0.7495954941116233}},
    {"rocAuc", {weighted_area}, three, true, {0.7579928315412187}},
    {"logLoss", {}, three, true, {0.9111862761311948}},
    {"meanSquaredError", {}, three, true, {0.17755555555555555}},
    {"rootMeanSquaredError", {}, three, true, {0.4213734158149462}},
    {"meanAbsoluteError", {}, three, true, {0.37333333333333335}},
    {"r2", {}, three, true, {0.1937428789925314}},
    {"confusionMatrix", {}, three, true, {4, 0, 0, 0, 2.25, 1.5, 2, 1, 0.5}},
    {"accuracy", {}, two, true, {0.5111111111111111}},
    {"binaryAccuracy", {0.5}, two, true, {0.5111111111111111}},
    {"binaryAccuracy", {0.35}, two, true, {0.5}},
    {"precision", {macro}, two, true, {0.5098814229249011}},
    {"recall", {macro}, two, true, {0.51}},
    {"f1", {macro}, two, true, {0.5089285714285714}},
    {"precision", {micro}, two, true, {0.5111111111111111}},
    {"recall", {micro}, two, true, {0.5111111111111111}},
    {"f1", {micro}, two, true, {0.5111111111111111}},
    {"precision", {weighted}, two, true, {0.5160298638559507}},
    {"recall", {weighted}, two, true, {0.5111111111111111}},
    {"f1", {weighted}, two, true, {0.5125661375661376}},
    {"precision", {binary}, two, true, {0.5652173913043478}},
    {"recall", {binary}, two, true, {0.52}},
    {"f1", {binary}, two, true, {0.5416666666666666}},
    {"rocAuc", {macro_area}, two, true, {0.5980000000000001}},
    {"rocAuc", {weighted_area}, two, true, {0.598}},
    {"logLoss", {}, two, true, {0.6895136575660152}},
    {"meanSquaredError", {}, two, true, {0.2486666666666667}},
    {"rootMeanSquaredError", {}, two, true, {0.4986648841322865}},
    {"meanAbsoluteError", {}, two, true, {0.4755555555555555}},
    {"r2", {}, two, true, {-0.007100000000000106}},
    {"confusionMatrix", {}, two, true, {2.5, 2.5, 3, 3.25}},
    {"accuracy", {}, one, true, {0.5111111111111111}},
    {"binaryAccuracy", {0.5}, one, true, {0.5111111111111111}},
    {"binaryAccuracy", {0.35}, one, true, {0.6444444444444445}},
    {"precision", {macro}, one, true, {0.5098814229249011}},
    {"recall", {macro}, one, true, {0.51}},
    {"f1", {macro}, one, true, {0.5089285714285714}},
    {"precision", {micro}, one, true, {0.5111111111111111}},
    {"recall", {micro}, one, true, {0.5111111111111111}},
    {"f1", {micro}, one, true, {0.5111111111111111}},
    {"precision", {weighted}, one, true, {0.5160298638559507}},
    {"recall", {weighted}, one, true, {0.5111111111111111}},
    {"f1", {weighted}, one, true, {0.5125661375661376}},
    {"precision", {binary}, one, true, {0.5652173913043478}},
    {"recall", {binary}, one, true, {0.52}},
    {"f1", {binary}, one, true, {0.5416666666666666}},
    {"rocAuc", {macro_area}, one, true, {0.598}},
    {"rocAuc", {weighted_area}, one, true, {0.598}},
    {"logLoss", {}, one, true, {0.6895136575660152}},
    {"meanSquaredError", {}, one, true, {0.24866666666666665}},
    {"rootMeanSquaredError", {}, one, true, {0.49866488413228643}},
    {"meanAbsoluteError", {}, one, true, {0.4755555555555555}},
    {"r2", {}, one, true, {-0.007099999999999884}},
    {"confusionMatrix", {}, one, true, {2.5, 2.5, 3, 3.25}},
    {"meanSquaredError", {}, regression, true, {0.13355555555555557}},
    {"rootMeanSquaredError", {}, regression, true, {0.36545253529775323}},
    {"meanAbsoluteError", {}, regression, true, {0.2992592592592593}},
    {"r2", {}, regression, true, {0.8369236033967776}},
    // clang-format on
};

/// The reference's sample as it says, with weights or without.
Sample sample_of(const Reference& reference) {
  Sample sample = reference.sample;
  if (!reference.weighted) sample.weights.clear();
  return sample;
}

}  // namespace

TEST_CASE("every metric has scikit-learn's values, of labels and of one-hot targets") {
  for (const Metric<double>& metric : metrics<double>()) {
    CAPTURE(metric.name);
    CHECK(std::any_of(references.begin(), references.end(),
                      [&](const Reference& row) { return row.metric == metric.name; }));
  }
  for (const Reference& reference : references) {
    CAPTURE(reference.metric);
    CAPTURE(reference.sample.outputs);
    CAPTURE(reference.weighted);
    const Sample sample = sample_of(reference);
    const auto all = range(0, sample.size());
    for (const Targets form : {Targets::labels, Targets::dense}) {
      check_equal(values_of(reference.metric, reference.options, sample, form, {all}),
                  reference.values);
      check_equal(values_of<float>(reference.metric, reference.options, sample, form, {all}),
                  reference.values, 1e-5);
    }
  }
}

TEST_CASE("rows added in parts and merged give what rows added at once give") {
  for (const Reference& reference : references) {
    CAPTURE(reference.metric);
    const Sample sample = sample_of(reference);
    for (const std::size_t cut : {0, 1, 5, 8}) {
      CAPTURE(cut);
      check_equal(values_of(reference.metric, reference.options, sample, Targets::labels,
                            {range(0, cut), range(cut, 8)}),
                  reference.values);
    }
    check_equal(values_of(reference.metric, reference.options, sample, Targets::labels,
                          {{7, 3}, {}, {0, 5, 1}, {2, 4, 6}}),
                reference.values);
  }
}

TEST_CASE("a row of weight 2 counts as the row twice, one of weight 0 not at all") {
  for (const Reference& reference : references) {
    CAPTURE(reference.metric);
    Sample sample = reference.sample;
    sample.weights = {1, 2, 0, 1, 2, 1, 2, 1};
    const auto all = range(0, 8);
    const std::vector<double> by_weight =
        values_of(reference.metric, reference.options, sample, Targets::labels, {all});
    sample.weights.clear();
    check_equal(by_weight, values_of(reference.metric, reference.options, sample, Targets::labels,
                                     {{0, 1, 1, 3, 4, 4, 5, 6, 6, 7}}));
  }
}

TEST_CASE("the values of no rows are NaN, or counts of nothing") {
  for (const Reference& reference : references) {
    CAPTURE(reference.metric);
    const std::vector<double> values =
        values_of(reference.metric, reference.options, reference.sample, Targets::labels, {{}});
    const Metric<double>& metric = *find(metrics<double>(), reference.metric);
    const bool averaged =
        metric.options.count == 1 && std::string(metric.options.names[0]) == "average";
    const bool counts =
        reference.metric == "confusionMatrix" ||
        (averaged && (reference.options[0] == binary || reference.options[0] == micro) &&
         metric.of_all == nullptr);
    for (const double value : values) CHECK((counts ? value == 0 : std::isnan(value)));
  }
}

TEST_CASE("errors and areas of outputs that are NaN are NaN") {
  for (const std::string name :
       {"rocAuc", "logLoss", "meanSquaredError", "rootMeanSquaredError", "meanAbsoluteError", "r2"})
    for (Sample sample : {three, one}) {
      CAPTURE(name);
      std::fill_n(sample.predictions.begin(), sample.outputs, std::nan(""));
      const std::vector<double> options(name == "rocAuc" ? 1 : 0, macro_area);
      CHECK(std::isnan(value_of(name, options, sample)));
    }
}

TEST_CASE(
    "the average of one output is of class 1, of several over the classes, unless it is said") {
  for (const std::string name : {"precision", "recall", "f1"}) {
    CHECK(value_of(name, {automatic}, one) == value_of(name, {binary}, one));
    CHECK(value_of(name, {automatic}, two) == value_of(name, {macro}, two));
    CHECK(value_of(name, {automatic}, three) == value_of(name, {macro}, three));
  }
}

TEST_CASE("the average over classes passes over classes that do not occur, and only those") {
  // scikit-learn 1.9.1, y_true and y_pred of three possible labels: [0,1,1,0,1] and [0,1,0,0,1],
  // where 2 does not occur; [0,1,2,0] and [0,1,1,0], where it is never predicted.
  const Sample absent = {
      3, {.8, .1, .1, .1, .8, .1, .8, .1, .1, .8, .1, .1, .1, .8, .1}, {}, {0, 1, 1, 0, 1}, {}};
  CHECK(value_of("precision", {macro}, absent) == doctest::Approx(0.8333333333333333));
  CHECK(value_of("recall", {macro}, absent) == doctest::Approx(0.8333333333333333));
  CHECK(value_of("f1", {macro}, absent) == doctest::Approx(0.8));
  const Sample unpredicted = {
      3, {.8, .1, .1, .1, .8, .1, .1, .8, .1, .8, .1, .1}, {}, {0, 1, 2, 0}, {}};
  CHECK(value_of("precision", {macro}, unpredicted) == doctest::Approx(0.5));
  CHECK(value_of("recall", {macro}, unpredicted) == doctest::Approx(0.6666666666666666));
  CHECK(value_of("f1", {macro}, unpredicted) == doctest::Approx(0.5555555555555555));
}

TEST_CASE("precision, recall and F1 are 0 where nothing is predicted or true") {
  const Sample none = {1, {.1, .2, .3}, {}, {1, 0, 1}, {}};
  for (const std::string name : {"precision", "recall", "f1"})
    CHECK(value_of(name, {binary}, none) == 0);
}

TEST_CASE("metrics say which networks they are not for") {
  const Metric<double>& f1 = *find(metrics<double>(), "f1");
  CHECK(f1.refusal(&binary, 1) == nullptr);
  CHECK(f1.refusal(&binary, 2) == nullptr);
  CHECK(f1.refusal(&binary, 3) != nullptr);
  CHECK(f1.refusal(&automatic, 3) == nullptr);
  const Metric<double>& confusion = *find(metrics<double>(), "confusionMatrix");
  CHECK(confusion.refusal(nullptr, 1024) == nullptr);
  CHECK(confusion.refusal(nullptr, 1025) != nullptr);
}

TEST_CASE("the area under the curve counts ties as half") {
  // scikit-learn 1.9.1's roc_auc_score.
  Sample ties = {1, {.5, .5, .5, .2, .8, .2, .5}, {}, {0, 1, 0, 1, 1, 0, 1}, {}};
  CHECK(value_of("rocAuc", {macro_area}, ties) == doctest::Approx(0.625).epsilon(1e-14));
  ties.weights = {1, 2, 3, .5, 0, 1, .25};
  CHECK(value_of("rocAuc", {macro_area}, ties) ==
        doctest::Approx(0.5090909090909091).epsilon(1e-14));
}

TEST_CASE("the area under the curve depends on the order of outputs only") {
  Sample stretched = one;
  for (double& output : stretched.predictions) output = std::exp(30 * output) - 1e6;
  CHECK(value_of("rocAuc", {macro_area}, stretched) == value_of("rocAuc", {macro_area}, one));
  for (double& output : stretched.predictions) output = -output;
  CHECK(value_of("rocAuc", {macro_area}, stretched) ==
        doctest::Approx(1 - value_of("rocAuc", {macro_area}, one)).epsilon(1e-14));
}

TEST_CASE("the area under the curve takes rows with several positive targets, or none") {
  // scikit-learn 1.9.1's roc_auc_score of label indicators.
  Sample rows = {2, {.9, .2, .3, .8, .2, .4, .1, .1}, {1, 1, 0, 1, 1, 0, 0, 0}, {}, {}};
  CHECK(value_of("rocAuc", {macro_area}, rows) == 0.75);
  rows.targets = {1, 1, 0, 1, 1, 0, 0, 1};
  CHECK(value_of("rocAuc", {weighted_area}, rows) == doctest::Approx(0.5).epsilon(1e-14));
}

TEST_CASE("the area under the curve of one class is NaN") {
  const Sample positive = {1, {.1, .2, .3}, {}, {1, 1, 1}, {}};
  CHECK(std::isnan(value_of("rocAuc", {macro_area}, positive)));
  const Sample unweighted = {1, {.1, .2, .3}, {}, {1, 1, 0}, {1, 1, 0}};
  CHECK(std::isnan(value_of("rocAuc", {macro_area}, unweighted)));
  // A class that no row has spoils the mean over classes, not the mean by rows.
  const Sample absent = {3, {.6, .3, .1, .2, .7, .1, .4, .5, .1}, {}, {0, 1, 0}, {}};
  CHECK(std::isnan(value_of("rocAuc", {macro_area}, absent)));
  CHECK(value_of("rocAuc", {weighted_area}, absent) == 1);
}

TEST_CASE("the log loss of probabilities 0 and 1 is finite") {
  // scikit-learn 1.9.1's log_loss, of float64 and float32.
  const Sample wrong = {1, {0, 1}, {}, {1, 0}, {}};
  CHECK(value_of("logLoss", {}, wrong) == doctest::Approx(36.04365338911715).epsilon(1e-14));
  CHECK(value_of<float>("logLoss", {}, wrong) == doctest::Approx(15.942384719848633).epsilon(1e-6));
  const Sample sure = {3, {1, 0, 0, 1, 0, 0, 0, 0, 1}, {}, {0, 1, 2}, {}};
  CHECK(value_of("logLoss", {}, sure) == doctest::Approx(12.014551129705717).epsilon(1e-14));
}

TEST_CASE("outputs that tie with that of the class do not push it from the first k, NaN does") {
  const double nan = std::nan("");
  const Sample ties = {3, {.4, .4, .2, .4, .2, .4, nan, .5, .1}, {}, {1, 0, 1}, {}};
  CHECK(value_of("topKAccuracy", {1}, ties) == doctest::Approx(2.0 / 3));
  CHECK(value_of("topKAccuracy", {2}, ties) == 1);
  const Sample lost = {3, {.1, nan, .2}, {}, {1}, {}};
  CHECK(value_of("topKAccuracy", {2}, lost) == 0);
  CHECK(value_of("topKAccuracy", {5}, lost) == 1);  // as many places as outputs
}

TEST_CASE("with one output the first class predicted is by 1/2 and the first two are all") {
  CHECK(value_of("topKAccuracy", {1}, one) == value_of("accuracy", {}, one));
  CHECK(value_of("topKAccuracy", {2}, one) == 1);
}

TEST_CASE("the coefficient of determination is as exact for targets far from 0") {
  Sample far = regression;
  const double offset = 0x1p30;  // the sums are exact
  for (double& output : far.predictions) output = std::round(output * 1024) / 1024 + offset;
  for (double& target : far.targets) target += offset;
  Sample near = far;
  for (double& output : near.predictions) output -= offset;
  for (double& target : near.targets) target -= offset;
  using Parts = std::vector<std::vector<std::size_t>>;
  for (const Parts& parts : {Parts{range(0, 8)}, Parts{range(0, 3), range(3, 8)}}) {
    const double expected = values_of("r2", {}, near, Targets::dense, {range(0, 8)}).at(0);
    // The mean is rounded, to 2^-23 of deviations of about 1.
    CHECK(values_of("r2", {}, far, Targets::dense, parts).at(0) ==
          doctest::Approx(expected).epsilon(1e-6));
  }
}

TEST_CASE("the coefficient of determination of equal targets is 1 if met, else 0") {
  // scikit-learn 1.9.1's r2_score (force_finite); of one row it is not defined.
  const Sample met = {1, {.1, .1, .1}, {.1, .1, .1}, {}, {.3, .7, 1.1}};
  CHECK(value_of("r2", {}, met) == 1);
  const Sample missed = {1, {.1, .1, .2}, {.1, .1, .1}, {}, {.3, .7, 1.1}};
  CHECK(value_of("r2", {}, missed) == 0);
  CHECK(values_of("r2", {}, missed, Targets::dense, {{0}, {1}, {2}}).at(0) == 0);
  const Sample alone = {1, {1}, {1}, {}, {}};
  CHECK(std::isnan(value_of("r2", {}, alone)));
}
