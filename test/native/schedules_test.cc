#include "core/schedules.h"

#include <doctest/doctest.h>

#include <set>
#include <string>
#include <utility>
#include <vector>

using namespace gemmnet;

namespace {

/// A schedule and what a library says of it, in float64.
struct Case {
  ScheduleSettings settings;
  std::vector<std::pair<std::uint64_t, double>> rates;  // by position
};

ScheduleSettings make(const char* name, std::vector<double> options) {
  return {name, ScheduleUnit::step, std::move(options), {}, {}, {}};
}

ScheduleSettings make_warmup(std::vector<double> options, ScheduleSettings child) {
  ScheduleSettings settings = make("warmup", std::move(options));
  settings.child.push_back(std::move(child));
  return settings;
}

ScheduleSettings make_piecewise(std::vector<double> boundaries, std::vector<double> rates) {
  ScheduleSettings settings = make("piecewise", {});
  settings.boundaries = std::move(boundaries);
  settings.rates = std::move(rates);
  return settings;
}

// From Keras 3.15.1 (backend torch, floatx float64), and where it says so PyTorch 2.15.0.
const std::vector<Case> cases = {
    {make("constant", {0.1}), {{0, 0.1}, {1000, 0.1}}},
    // PyTorch: StepLR(step_size=3, gamma=.2)
    {make("stepDecay", {0.1, 0.2, 3}),
     {{0, 0.1},
      {2, 0.1},
      {3, 0.020000000000000004},
      {8, 0.004000000000000001},
      {9, 0.0008000000000000003}}},
    // ExponentialDecay(.1, 10, .5)
    {make("exponentialDecay", {0.1, 0.5, 10, 0}),
     {{0, 0.1}, {3, 0.08122523963562356}, {10, 0.05}, {27, 0.015389305166811452}}},
    {make("exponentialDecay", {0.1, 0.5, 10, 1}), {{0, 0.1}, {9, 0.1}, {10, 0.05}, {27, 0.025}}},
    // InverseTimeDecay(.1, 10, .5)
    {make("inverseTimeDecay", {0.1, 0.5, 10, 0}),
     {{0, 0.1}, {3, 0.08695652173913045}, {10, 0.06666666666666667}, {27, 0.0425531914893617}}},
    {make("inverseTimeDecay", {0.1, 0.5, 10, 1}),
     {{0, 0.1}, {9, 0.1}, {10, 0.06666666666666667}, {27, 0.05}}},
    // PolynomialDecay(.1, 10, .01, power=2)
    {make("polynomialDecay", {0.1, 10, 0.01, 2, 0}),
     {{0, 0.1}, {3, 0.0541}, {10, 0.01}, {27, 0.01}}},
    {make("polynomialDecay", {0.1, 10, 0.01, 2, 1}),
     {{0, 0.1}, {3, 0.0541}, {10, 0.01}, {11, 0.028225}, {27, 0.0109}}},
    // CosineDecay(.1, 10, alpha=.05)
    {make("cosineDecay", {0.1, 10, 0.05, 0, 2, 1}),
     {{0, 0.1}, {3, 0.08041979948389248}, {10, 0.005}, {27, 0.005}}},
    // CosineDecayRestarts(.1, 10, t_mul=2, m_mul=.8, alpha=.05), then t_mul=1
    {make("cosineDecay", {0.1, 10, 0.05, 1, 2, 0.8}),
     {{0, 0.1},
      {3, 0.08041979948389248},
      {9, 0.0073248154759802085},
      {10, 0.08100000000000002},
      {29, 0.00546784305738477},
      {30, 0.06580000000000001},
      {55, 0.02376642365610128}}},
    {make("cosineDecay", {0.1, 10, 0.05, 1, 1, 0.8}),
     {{0, 0.1},
      {3, 0.08041979948389248},
      {10, 0.08100000000000002},
      {29, 0.006487881904627337},
      {30, 0.053640000000000014}}},
    // CosineDecayRestarts(.1, 1, t_mul=10, m_mul=.8, alpha=.05): log(1000) / log(10) is below 3
    {make("cosineDecay", {0.1, 1, 0.05, 1, 10, 0.8}),
     {{0, 0.1},
      {1, 0.08100000000000002},
      {11, 0.06580000000000001},
      {110, 0.00501500056488176},
      {111, 0.053640000000000014},
      {112, 0.05363987998570921}}},
    // PyTorch: OneCycleLR(max_lr=.1, total_steps=20)
    {make("oneCycle", {0.1, 20, 0.3, 25, 1e4}),
     {{0, 0.004},
      {3, 0.06683281572999747},
      {5, 0.1},
      {6, 0.09874640062350874},
      {12, 0.0500002},
      {19, 4e-07},
      {1000, 4e-07}}},
    // PyTorch: total_steps=10, pct_start=.25, div_factor=10, final_div_factor=100
    {make("oneCycle", {0.1, 10, 0.25, 10, 100}),
     {{0, 0.01}, {1, 0.0775}, {2, 0.0989084726566536}, {5, 0.0552711967402193}, {9, 0.0001}}},
    // PyTorch: total_steps=2, whose rise would end before step 0
    {make("oneCycle", {0.1, 2, 0.3, 25, 1e4}), {{0, 0.0811745653949763}, {1, 4e-07}}},
    // CosineDecay(.02, 10, alpha=.05, warmup_target=.1, warmup_steps=4)
    {make_warmup({4, 0.02}, make("cosineDecay", {0.1, 10, 0.05, 0, 2, 1})),
     {{0, 0.02}, {3, 0.08}, {4, 0.1}, {7, 0.08041979948389248}, {14, 0.005}, {30, 0.005}}},
    // PiecewiseConstantDecay([5, 8], [.1, .05, .01])
    {make_piecewise({5, 8}, {0.1, 0.05, 0.01}),
     {{0, 0.1}, {5, 0.1}, {6, 0.05}, {8, 0.05}, {9, 0.01}, {100, 0.01}}},
};

doctest::Approx close_to(double value) { return doctest::Approx(value).epsilon(1e-13).scale(0); }

}  // namespace

TEST_CASE("schedules give the rates of the libraries they follow, by step and by epoch") {
  std::set<std::string> covered;
  for (const Case& given : cases) {
    CAPTURE(given.settings.name);
    covered.insert(given.settings.name);
    check_schedule(given.settings);
    ScheduleSettings by_epoch = given.settings;
    by_epoch.per = ScheduleUnit::epoch;
    for (ScheduleSettings& child : by_epoch.child) child.per = ScheduleUnit::epoch;
    for (const auto& [position, rate] : given.rates) {
      CAPTURE(position);
      CHECK(learning_rate(given.settings, position, position / 7, 7) == close_to(rate));
      CHECK(learning_rate(by_epoch, position * 7 + 3, position, 7) == close_to(rate));
    }
  }
  for (const Schedule& row : schedules()) {
    INFO("no case for ", row.name);
    CHECK(covered.count(row.name) == 1);
  }
}

TEST_CASE("a schedule after a warmup counts from its end, in its own unit") {
  ScheduleSettings decay = make("stepDecay", {0.1, 0.5, 2});
  decay.per = ScheduleUnit::epoch;
  const ScheduleSettings by_step = make_warmup({25, 0}, decay);  // ends in epoch 2 of 10 steps
  CHECK(learning_rate(by_step, 24, 2, 10) == close_to(0.1 * 24 / 25));
  CHECK(learning_rate(by_step, 25, 2, 10) == close_to(0.1));
  CHECK(learning_rate(by_step, 39, 3, 10) == close_to(0.1));
  CHECK(learning_rate(by_step, 40, 4, 10) == close_to(0.05));

  decay.per = ScheduleUnit::step;
  ScheduleSettings by_epoch = make_warmup({3, 0}, decay);
  by_epoch.per = ScheduleUnit::epoch;
  CHECK(learning_rate(by_epoch, 29, 2, 10) == close_to(0.1 * 2 / 3));
  CHECK(learning_rate(by_epoch, 31, 3, 10) == close_to(0.1));
  CHECK(learning_rate(by_epoch, 32, 3, 10) == close_to(0.05));
}

TEST_CASE("a warmup of a warmup adds up") {
  const ScheduleSettings settings =
      make_warmup({4, 0}, make_warmup({5, 0.1}, make("constant", {0.2})));
  const double expected[] = {0, 0.025, 0.05, 0.075, 0.1, 0.12, 0.14, 0.16, 0.18, 0.2, 0.2};
  for (std::uint64_t step = 0; step < 11; ++step)
    CHECK(learning_rate(settings, step, 0, 100) == doctest::Approx(expected[step]));
}

TEST_CASE("settings that are not what a schedule takes are refused") {
  CHECK_THROWS_AS(check_schedule(make("cosine", {})), std::invalid_argument);
  CHECK_THROWS_AS(check_schedule(make("constant", {})), std::invalid_argument);
  CHECK_THROWS_AS(check_schedule(make("warmup", {4, 0})), std::invalid_argument);
  CHECK_THROWS_AS(check_schedule(make_warmup({4, 0}, make("constant", {}))), std::invalid_argument);
  CHECK_THROWS_AS(check_schedule(make_piecewise({5, 8}, {0.1, 0.05})), std::invalid_argument);
  ScheduleSettings constant = make("constant", {0.1});
  constant.rates = {0.1};
  CHECK_THROWS_AS(check_schedule(constant), std::invalid_argument);
}
