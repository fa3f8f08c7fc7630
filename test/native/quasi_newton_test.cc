// Long: costs to minimise, then one test for each promise of four classes.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <numbers>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "core/gemm.h"
#include "core/quasi_newton/bfgs.h"
#include "core/quasi_newton/lbfgs.h"
#include "core/quasi_newton/levenberg_marquardt.h"
#include "core/quasi_newton/line_search.h"
#include "core/quasi_newton/methods.h"
#include "core/random.h"

using namespace gemmnet;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

/// A cost from a function of doubles.
template <typename T>
class Formula final : public Cost<T> {
 public:
  using Function =
      std::function<double(const std::vector<double>& point, std::vector<double>& gradient)>;

  Formula(std::size_t size, Function function) : size_(size), function_(std::move(function)) {}

  [[nodiscard]] std::size_t size() const override { return size_; }
  double evaluate(std::span<const T> point, std::span<T> gradient) override {
    std::vector<double> slopes(size_, 0.0);
    const double value = function_({point.begin(), point.end()}, slopes);
    std::ranges::transform(slopes, gradient.begin(), [](double s) { return static_cast<T>(s); });
    return value;
  }

 private:
  std::size_t size_;
  Function function_;
};

/// Half the sum of squares of residuals, which are given with their Jacobian, row by row.
template <typename T>
class Residuals final : public LeastSquaresCost<T> {
 public:
  using Function = std::function<void(const std::vector<double>& point, std::vector<double>& r,
                                      std::vector<std::vector<double>>& j)>;

  Residuals(std::size_t size, Function function) : size_(size), function_(std::move(function)) {}

  [[nodiscard]] std::size_t size() const override { return size_; }
  double evaluate(std::span<const T> point, std::span<T> gradient) override {
    calculate(point);
    multiply(gradient);
    return half_square();
  }
  double linearize(std::span<const T> point, std::span<T> gradient,
                   MatrixView<T> curvature) override {
    const double value = evaluate(point, gradient);
    for (std::size_t k = 0; k < size_; ++k) {
      for (std::size_t l = 0; l <= k; ++l) {
        double sum = 0;
        for (const auto& row : j_) sum += row[k] * row[l];
        curvature.row(k)[l] = static_cast<T>(sum);
      }
    }
    return value;
  }
  double value(std::span<const T> point) override {
    calculate(point);
    return half_square();
  }
  void project(std::span<const T> point, std::span<const T> moved, std::span<T> gradient) override {
    calculate(moved);
    const auto r = r_;
    calculate(point);
    r_ = r;
    multiply(gradient);
  }

 private:
  void calculate(std::span<const T> point) {
    r_.clear();
    j_.clear();
    function_({point.begin(), point.end()}, r_, j_);
  }
  void multiply(std::span<T> gradient) const {
    for (std::size_t k = 0; k < size_; ++k) {
      double sum = 0;
      for (std::size_t i = 0; i < r_.size(); ++i) sum += j_[i][k] * r_[i];
      gradient[k] = static_cast<T>(sum);
    }
  }
  [[nodiscard]] double half_square() const {
    double sum = 0;
    for (const double r : r_) sum += r * r / 2;
    return sum;
  }

  std::size_t size_;
  Function function_;
  std::vector<double> r_;
  std::vector<std::vector<double>> j_;
};

/// The sum over pairs of 100 (x1 - x0^2)^2 + (1 - x0)^2, 0 at (1, 1, ...).
template <typename T>
Formula<T> rosenbrock(std::size_t size) {
  return {size, [size](const std::vector<double>& x, std::vector<double>& gradient) {
            double value = 0;
            for (std::size_t i = 0; i < size; i += 2) {
              const double a = x[i + 1] - x[i] * x[i];
              const double b = 1 - x[i];
              value += 100 * a * a + b * b;
              gradient[i] = -400 * a * x[i] - 2 * b;
              gradient[i + 1] = 200 * a;
            }
            return value;
          }};
}

template <typename T>
std::vector<T> rosenbrock_start(std::size_t size) {
  std::vector<T> point(size);
  for (std::size_t i = 0; i < size; ++i) point[i] = static_cast<T>(i % 2 == 0 ? -1.2 : 1.0);
  return point;
}

/// Half of sum over i of h_i (x_i - 1)^2, h from 1 to `condition` in equal ratios, in coordinates
/// that are mixed by a reflection.
Formula<double> quadratic(std::size_t size, double condition) {
  return {size, [size, condition](const std::vector<double>& x, std::vector<double>& gradient) {
            const auto reflect = [size](std::vector<double>& v) {
              double sum = 0;
              for (const double element : v) sum += element;
              for (double& element : v) element -= 2 * sum / static_cast<double>(size);
            };
            std::vector<double> z(x);
            for (double& element : z) element -= 1;
            reflect(z);
            double value = 0;
            for (std::size_t i = 0; i < size; ++i) {
              const double h =
                  std::pow(condition, static_cast<double>(i) / static_cast<double>(size - 1));
              value += h * z[i] * z[i] / 2;
              gradient[i] = h * z[i];
            }
            reflect(gradient);
            return value;
          }};
}

template <typename T>
double distance_to(double target, const std::vector<T>& point) {
  double largest = 0;
  for (const T x : point) largest = std::max(largest, std::abs(static_cast<double>(x) - target));
  return largest;
}

struct Run {
  Progress progress = Progress::moved;
  int iterations = 0;
};

template <typename T>
Run run(QuasiNewton<T>& method, Cost<T>& cost, std::vector<T>& point, int most) {
  Run run;
  while (run.iterations < most && run.progress == Progress::moved) {
    run.progress = method.iterate(cost, point, {});
    ++run.iterations;
  }
  return run;
}

constexpr double lbfgs_defaults[] = {10, 1e-10, 20};
constexpr double bfgs_defaults[] = {1e-10, 20};
constexpr DampingSettings damping{1e-3, 10, 0.1, 1e10};

template <typename T>
std::unique_ptr<QuasiNewton<T>> make(std::string_view name, std::size_t size,
                                     const double* options) {
  for (const auto& row : quasi_newton_methods<T>())
    if (row.name == name) return row.make(options, size);
  throw std::out_of_range("No such method");
}

/// bfgs and lbfgs in turn.
template <typename T>
std::vector<std::unique_ptr<QuasiNewton<T>>> line_search_methods(std::size_t size) {
  std::vector<std::unique_ptr<QuasiNewton<T>>> methods;
  methods.push_back(make<T>("bfgs", size, bfgs_defaults));
  methods.push_back(make<T>("lbfgs", size, lbfgs_defaults));
  return methods;
}

/// Keeps a method's state outside of it.
class Archive final : public StateVisitor {
 public:
  explicit Archive(bool writing_back = false) : writes_back(writing_back) {}
  void visit(const char* name, std::span<float> values) override { exchange(name, values); }
  void visit(const char* name, std::span<double> values) override { exchange(name, values); }
  void visit(const char* name, std::span<std::uint64_t> values) override { exchange(name, values); }

  void copy(const char* name, double* to) const {
    const auto& kept = kept_.at(name);
    std::memcpy(to, kept.data(), kept.size());
  }

  bool writes_back;

 private:
  template <typename U>
  void exchange(const char* name, std::span<U> values) {
    auto& kept = kept_[name];
    if (writes_back)
      std::memcpy(values.data(), kept.data(), values.size_bytes());
    else
      kept.assign(reinterpret_cast<const char*>(values.data()), values.size_bytes());
  }
  std::map<std::string, std::string> kept_;
};

/// The 1-20-1 tanh network on sin(2 pi x), as residuals scaled to make the cost the mean square.
void network_residuals(const std::vector<double>& p, std::vector<double>& r,
                       std::vector<std::vector<double>>& j) {
  constexpr std::size_t hidden = 20;
  constexpr int rows = 100;
  const double scale = std::sqrt(2.0 / rows);
  for (int row = 0; row < rows; ++row) {
    const double x = row / double{rows - 1};
    double y = p[3 * hidden];
    std::vector<double> slopes(3 * hidden + 1);
    for (std::size_t h = 0; h < hidden; ++h) {
      const double a = std::tanh(p[h] * x + p[hidden + h]);
      const double dz = p[2 * hidden + h] * (1 - a * a);
      y += p[2 * hidden + h] * a;
      slopes[h] = scale * dz * x;
      slopes[hidden + h] = scale * dz;
      slopes[2 * hidden + h] = scale * a;
    }
    slopes[3 * hidden] = scale;
    r.push_back(scale * (y - std::sin(2 * std::numbers::pi * x)));
    j.push_back(std::move(slopes));
  }
}

/// Glorot-uniform kernels, biases of 0.
std::vector<double> network_start(std::uint64_t seed) {
  const Philox random(seed, Stream::initial_weights, 0);
  std::vector<double> point(61, 0.0);
  for (std::size_t i = 0; i < 60; ++i)
    if (i / 20 != 1) point[i] = std::sqrt(6.0 / 21) * (2 * random.uniform(i) - 1);
  return point;
}

}  // namespace

TEST_CASE("bfgs and lbfgs find the bottom of Rosenbrock's valley") {
  for (const std::size_t size : {2U, 20U}) {
    for (const auto& method : line_search_methods<double>(size)) {
      auto cost = rosenbrock<double>(size);
      auto point = rosenbrock_start<double>(size);
      const Run result = run(*method, cost, point, 200);
      CHECK(result.progress == Progress::converged);
      CHECK(distance_to(1, point) < 1e-9);
      CHECK(method->evaluations() < 80);
    }
  }
}

TEST_CASE("bfgs and lbfgs solve a convex quadratic to 1e-9") {
  for (const auto& method : line_search_methods<double>(30)) {
    auto cost = quadratic(30, 100);
    std::vector<double> point(30, 0.0);
    const Run result = run(*method, cost, point, 200);
    CHECK(result.progress == Progress::converged);
    CHECK(distance_to(1, point) < 1e-9);
  }
}

TEST_CASE("bfgs and lbfgs solve a quadratic of condition number 1e6") {
  for (const auto& method : line_search_methods<double>(10)) {
    auto cost = quadratic(10, 1e6);
    std::vector<double> point(10, 0.0);
    const Run result = run(*method, cost, point, 2000);
    CHECK(result.progress == Progress::converged);
    CHECK(distance_to(1, point) < 1e-9);
  }
}

TEST_CASE("bfgs keeps a positive definite inverse Hessian that maps the last change to its step") {
  constexpr std::size_t size = 20;
  auto cost = rosenbrock<double>(size);
  const auto method = make<double>("bfgs", size, bfgs_defaults);
  auto point = rosenbrock_start<double>(size);
  point[3] = 0.7;
  for (int i = 0; i < 20; ++i) {
    const auto before = point;
    std::vector<double> change(size);
    cost.evaluate(before, change);
    REQUIRE(method->iterate(cost, point, {}) == Progress::moved);
    for (std::size_t k = 0; k < size; ++k) change[k] = method->gradient()[k] - change[k];
    Archive archive;
    method->get_state(archive);
    Matrix<double> h(size, size);
    archive.copy("inverseHessian", h.view().data);
    std::vector<double> mapped(size);
    multiply_symmetric(h.view(), change.data(), mapped.data());
    for (std::size_t k = 0; k < size; ++k)
      CHECK(std::abs(mapped[k] - (point[k] - before[k])) < 1e-12);
    CHECK(factorize_cholesky(h.view()));
  }
}

TEST_CASE("both Wolfe conditions hold at each accepted step, and a step's value falls") {
  for (const auto& method : line_search_methods<double>(20)) {
    auto cost = rosenbrock<double>(20);
    auto point = rosenbrock_start<double>(20);
    std::vector<double> before_gradient(20);
    for (int i = 0; i < 25; ++i) {
      const auto before = point;
      const double value = cost.evaluate(before, before_gradient);
      REQUIRE(method->iterate(cost, point, {}) == Progress::moved);
      double slope = 0;
      double slope_after = 0;
      for (std::size_t k = 0; k < 20; ++k) {
        slope += before_gradient[k] * (point[k] - before[k]);
        slope_after += method->gradient()[k] * (point[k] - before[k]);
      }
      CHECK(slope < 0);
      CHECK(method->value() <= value + 1e-4 * slope);
      CHECK(std::abs(slope_after) <= 0.9 * std::abs(slope));
      CHECK(method->value() < value);
    }
  }
}

TEST_CASE("a line search finds the interval of acceptable steps from far below and far above it") {
  // The three test functions of More and Thuente's paper that are hard for bisection, and theirs
  // of a nearly linear decrease.
  const std::function<std::pair<double, double>(double)> functions[] = {
      [](double a) {
        const double d = a * a + 2;
        return std::pair(-a / d, (a * a - 2) / (d * d));
      },
      [](double a) {
        const double b = a + 0.004;
        return std::pair(std::pow(b, 5) - 2 * std::pow(b, 4),
                         5 * std::pow(b, 4) - 8 * std::pow(b, 3));
      },
      [](double a) {
        const double left = std::sqrt(1 + (1 - a) * (1 - a));
        const double right = std::sqrt(0.01 * 0.01 + a * a);
        const double g1 = std::sqrt(1 + 0.001 * 0.001) - 0.001;
        const double g2 = std::sqrt(1 + 0.01 * 0.01) - 0.01;
        return std::pair(g2 * left + g1 * right, -g2 * (1 - a) / left + g1 * a / right);
      }};
  for (const auto& function : functions) {
    for (const double first : {1e-3, 1e-1, 1e1, 1e3}) {
      const auto [value, slope] = function(0);
      LineSearch search({1e-4, 0.1, 0, 30}, value, slope, first);
      auto verdict = LineSearch::Verdict::again;
      int evaluations = 0;
      while (verdict == LineSearch::Verdict::again) {
        const auto [trial, trial_slope] = function(search.step());
        verdict = search.report(trial, trial_slope);
        ++evaluations;
      }
      CHECK(verdict == LineSearch::Verdict::accept);
      const auto [end, end_slope] = function(search.step());
      CHECK(end <= value + 1e-4 * search.step() * slope);
      CHECK(std::abs(end_slope) <= 0.1 * std::abs(slope));
      CHECK(evaluations <= 14);
    }
  }
}

TEST_CASE("a line search ends after its limit with the best step that it saw") {
  LineSearch search({1e-4, 0.9, 0, 3}, 0, -1, 1);  // a line: every longer step is better
  std::vector<double> steps;
  auto verdict = LineSearch::Verdict::again;
  while (verdict == LineSearch::Verdict::again) {
    steps.push_back(search.step());
    verdict = search.report(-search.step(), -1);
  }
  CHECK(verdict == LineSearch::Verdict::give_up);
  CHECK(steps.size() == 3);
  CHECK(search.best_step() == steps.back());
  CHECK(std::ranges::is_sorted(steps));
}

TEST_CASE("a cost that is NaN or infinite behind a wall is minimised in front of it") {
  for (const double behind : {not_a_number, infinity, -infinity}) {
    for (const double wall : {1e-3, 0.3, 0.999}) {
      // -log(wall - x) - 2x/wall falls at first and has its minimum halfway to the wall.
      Formula<double> cost(1, [=](const std::vector<double>& x, std::vector<double>& gradient) {
        if (x[0] >= wall) {
          gradient[0] = not_a_number;
          return behind;
        }
        gradient[0] = 1 / (wall - x[0]) - 2 / wall;
        return -std::log(wall - x[0]) - 2 * x[0] / wall;
      });
      for (const auto& method : line_search_methods<double>(1)) {
        std::vector<double> point{0};
        const Run result = run(*method, cost, point, 50);
        CHECK(result.progress == Progress::converged);
        CHECK(point[0] == doctest::Approx(wall / 2).epsilon(1e-6));
      }
    }
  }
}

TEST_CASE("a start without a finite value or gradient is said to be one") {
  for (const auto& [value, slope] : {std::pair(not_a_number, 1.0), std::pair(infinity, 1.0),
                                     std::pair(1.0, not_a_number), std::pair(1.0, infinity)}) {
    Formula<double> cost(2, [&](const std::vector<double>&, std::vector<double>& gradient) {
      gradient[1] = slope;
      return value;
    });
    for (const auto& method : line_search_methods<double>(2)) {
      std::vector<double> point{1, 2};
      CHECK(method->iterate(cost, point, {}) == Progress::non_finite);
      CHECK(point == std::vector<double>{1, 2});
    }
  }
}

TEST_CASE("a flat cost, and a start at the minimum, have converged without a step") {
  Formula<double> flat(3, [](const std::vector<double>&, std::vector<double>&) { return 4.0; });
  auto valley = rosenbrock<double>(2);
  for (const auto& method : line_search_methods<double>(3)) {
    std::vector<double> point{1, 2, 3};
    CHECK(method->iterate(flat, point, {}) == Progress::converged);
    CHECK(point == std::vector<double>{1, 2, 3});
    CHECK(method->evaluations() == 1);
    CHECK(method->value() == 4);
  }
  for (const auto& method : line_search_methods<double>(2)) {
    std::vector<double> point{1, 1};
    CHECK(method->iterate(valley, point, {}) == Progress::converged);
    CHECK(point == std::vector<double>{1, 1});
  }
}

TEST_CASE("a Jacobian that is not finite is said to be one") {
  for (const auto& [r0, slope] : {std::pair(not_a_number, 1.0), std::pair(infinity, 1.0),
                                  std::pair(0.0, not_a_number), std::pair(1.0, infinity)}) {
    Residuals<double> cost(2, [&](const auto& x, auto& r, auto& j) {
      r = {r0, x[0]};
      j = {{0, slope}, {1, 0}};
    });
    LevenbergMarquardt<double> method(2, damping, 0);
    std::vector<double> point{1, 2};
    CHECK(method.iterate(cost, point, {}) == Progress::non_finite);
    CHECK(point == std::vector<double>{1, 2});
  }
}

TEST_CASE("a gradient that points the wrong way is stuck, not endless") {
  Formula<double> cost(1, [](const std::vector<double>& x, std::vector<double>& gradient) {
    gradient[0] = -1;
    return x[0];
  });
  for (const auto& method : line_search_methods<double>(1)) {
    std::vector<double> point{5};
    CHECK(method->iterate(cost, point, {}) == Progress::stuck);
    CHECK(point[0] == 5);
    CHECK(method->value() == 5);
    CHECK(method->evaluations() <= 21);
  }
}

TEST_CASE("a step along which the cost is not convex teaches no curvature") {
  // A line: y = 0. The search ends at its limit with the longest step.
  Formula<double> line(2, [](const std::vector<double>& x, std::vector<double>& gradient) {
    gradient = {1, 0};
    return x[0];
  });
  const double bfgs_options[] = {0, 3};
  const double lbfgs_options[] = {10, 0, 3};
  for (const auto& [name, options] :
       {std::pair("bfgs", bfgs_options), std::pair("lbfgs", lbfgs_options)}) {
    const auto method = make<double>(name, 2, options);
    std::vector<double> point{0, 0};
    for (int i = 0; i < 3; ++i) CHECK(method->iterate(line, point, {}) == Progress::moved);
    // Had it learnt from y = 0, H and then the point were not finite.
    CHECK(std::isfinite(point[0]));
    CHECK(point[0] < -10);
    CHECK(point[1] == 0);
    // What it meets next is convex, and it learns.
    auto cost = quadratic(2, 10);
    method->reset();
    run(*method, cost, point, 50);
    CHECK(distance_to(1, point) < 1e-7);
  }
}

TEST_CASE("the same start gives the same bits, and a restored state continues with them") {
  for (const std::string name : {"bfgs", "lbfgs"}) {
    const double* options = name == "bfgs" ? bfgs_defaults : lbfgs_defaults;
    auto cost = rosenbrock<double>(20);
    const auto first = make<double>(name, 20, options);
    const auto second = make<double>(name, 20, options);
    auto a = rosenbrock_start<double>(20);
    a[3] = 0.7;  // not the same pair ten times
    auto b = a;
    run(*first, cost, a, 15);
    run(*second, cost, b, 15);
    CHECK(a == b);

    const auto resumed = make<double>(name, 20, options);
    Archive archive;
    second->get_state(archive);
    archive.writes_back = true;
    resumed->set_state(archive);
    run(*first, cost, a, 10);
    run(*resumed, cost, b, 10);
    CHECK(a == b);
    CHECK(first->value() == resumed->value());
  }
}

TEST_CASE("float32 parameters come as near as their precision allows") {
  for (const auto& method : line_search_methods<float>(20)) {
    auto cost = rosenbrock<float>(20);
    auto point = rosenbrock_start<float>(20);
    const Run result = run(*method, cost, point, 300);
    CHECK(result.progress != Progress::moved);
    CHECK(distance_to(1, point) < 1e-3);
    CHECK(method->value() < 1e-8);
  }
  Residuals<float> line(2, [](const auto& x, auto& r, auto& j) {
    r = {x[0] + x[1] - 3, x[0] - x[1] + 1};
    j = {{1, 1}, {1, -1}};
  });
  LevenbergMarquardt<float> method(2, damping, 1e-5);
  std::vector<float> point{0, 0};
  CHECK(run(method, line, point, 10).progress == Progress::converged);
  CHECK(point[0] == doctest::Approx(1).epsilon(1e-5));
  CHECK(point[1] == doctest::Approx(2).epsilon(1e-5));
}

TEST_CASE("a stop is heard between evaluations, and the iteration can be done again") {
  // With few evaluations to a search, searches fail and begin anew along the gradient.
  for (const double maximum_evaluations : {20, 2}) {
    const double bfgs_options[] = {1e-10, maximum_evaluations};
    const double lbfgs_options[] = {10, 1e-10, maximum_evaluations};
    for (const std::string name : {"bfgs", "lbfgs"}) {
      const double* options = name == "bfgs" ? bfgs_options : lbfgs_options;
      auto cost = rosenbrock<double>(2);
      const auto whole = make<double>(name, 2, options);
      const auto interrupted = make<double>(name, 2, options);
      auto a = rosenbrock_start<double>(2);
      auto b = a;
      for (int i = 0; i < 20; ++i) {
        const auto expected = whole->iterate(cost, a, {});
        const auto before = b;
        for (int patience = 0;; ++patience) {
          int asked = 0;
          const auto progress = interrupted->iterate(cost, b, [&] { return ++asked > patience; });
          if (progress != Progress::stopped) {
            CHECK(progress == expected);
            break;
          }
          CHECK(asked == patience + 1);
          CHECK(b == before);
        }
        CHECK(a == b);
      }
    }
  }
  Residuals<double> squares(1, [](const auto& x, auto& r, auto& j) {
    r = {x[0] - 1};
    j = {{1}};
  });
  LevenbergMarquardt<double> method(1, damping, 0);
  std::vector<double> point{3};
  CHECK(method.iterate(squares, point, [] { return true; }) == Progress::stopped);
  CHECK(method.evaluations() == 0);
  int asked = 0;
  CHECK(method.iterate(squares, point, [&] { return ++asked > 1; }) == Progress::stopped);
  CHECK(method.evaluations() == 1);
  CHECK(point[0] == 3);
}

/// A cost of which one evaluation is not answered, but asked to stop.
class Interrupted final : public Cost<double> {
 public:
  Interrupted(Formula<double> cost, int answered) : cost_(std::move(cost)), answered_(answered) {}

  [[nodiscard]] std::size_t size() const override { return cost_.size(); }
  double evaluate(std::span<const double> point, std::span<double> gradient) override {
    stopped = answered_-- == 0;
    return stopped ? std::numeric_limits<double>::quiet_NaN() : cost_.evaluate(point, gradient);
  }

  bool stopped = false;

 private:
  Formula<double> cost_;
  int answered_;
};

TEST_CASE("a stop in the midst of any evaluation leaves no trace") {
  for (const double maximum_evaluations : {20, 2}) {
    const double bfgs_options[] = {1e-10, maximum_evaluations};
    const double lbfgs_options[] = {10, 1e-10, maximum_evaluations};
    for (const std::string name : {"bfgs", "lbfgs"}) {
      const double* options = name == "bfgs" ? bfgs_options : lbfgs_options;
      for (int answered = 0; answered < 30; ++answered) {
        auto cost = rosenbrock<double>(2);
        Interrupted interrupted(cost, answered);
        const auto whole = make<double>(name, 2, options);
        const auto method = make<double>(name, 2, options);
        auto a = rosenbrock_start<double>(2);
        auto b = a;
        bool was_stopped = false;
        for (int i = 0; i < 15; ++i) {
          const auto expected = whole->iterate(cost, a, {});
          const auto before = b;
          const auto stop = [&] { return interrupted.stopped; };
          auto progress = method->iterate(interrupted, b, stop);
          if (interrupted.stopped) {
            was_stopped = true;
            CHECK(progress == Progress::stopped);
            CHECK(b == before);
            interrupted.stopped = false;
            progress = method->iterate(interrupted, b, stop);
          }
          CHECK(progress == expected);
          CHECK(a == b);
        }
        CHECK((was_stopped || answered >= 15));
      }
    }
  }
}

TEST_CASE("after reset() a method takes another point or cost") {
  for (const auto& method : line_search_methods<double>(2)) {
    auto valley = rosenbrock<double>(2);
    auto point = rosenbrock_start<double>(2);
    run(*method, valley, point, 8);
    method->reset();
    auto bowl = quadratic(2, 10);
    point = {-3, 4};
    CHECK(run(*method, bowl, point, 50).progress == Progress::converged);
    CHECK(distance_to(1, point) < 1e-9);
  }
}

TEST_CASE("lbfgs keeps no more than its history, and works with a history of 1") {
  auto cost = rosenbrock<double>(20);
  const double options[] = {1, 1e-10, 20};
  const auto method = make<double>("lbfgs", 20, options);
  auto point = rosenbrock_start<double>(20);
  CHECK(run(*method, cost, point, 500).progress == Progress::converged);
  CHECK(distance_to(1, point) < 1e-8);
  CHECK(make<double>("lbfgs", 20, lbfgs_defaults)->bytes() > method->bytes());
}

TEST_CASE("levenbergMarquardt solves linear least squares in two steps") {
  // A line through three points that are not on one: 1 + x / 2 is best.
  Residuals<double> cost(2, [](const auto& p, auto& r, auto& j) {
    const double y[] = {1.25, 1, 2.25};
    for (int x = 0; x < 3; ++x) {
      r.push_back(p[0] + p[1] * x - y[x]);
      j.push_back({1, double(x)});
    }
  });
  LevenbergMarquardt<double> method(2, {1e-6, 10, 0.1, 1e10}, 1e-9);
  std::vector<double> point{-4, 7};
  const Run result = run(method, static_cast<Cost<double>&>(cost), point, 2);
  CHECK(result.progress == Progress::converged);
  CHECK(point[0] == doctest::Approx(1).epsilon(1e-9));
  CHECK(point[1] == doctest::Approx(0.5).epsilon(1e-9));
}

TEST_CASE("levenbergMarquardt finds the bottom of Rosenbrock's valley from residuals") {
  Residuals<double> cost(2, [](const auto& x, auto& r, auto& j) {
    r = {10 * (x[1] - x[0] * x[0]), 1 - x[0]};
    j = {{-20 * x[0], 10}, {-1, 0}};
  });
  LevenbergMarquardt<double> method(2, damping, 1e-10);
  std::vector<double> point{-1.2, 1};
  double former = infinity;
  int iterations = 0;
  Progress progress = Progress::moved;
  for (; progress == Progress::moved && iterations < 50; ++iterations) {
    progress = method.iterate(cost, point, {});
    CHECK(method.value() < former);
    former = method.value();
  }
  CHECK(progress == Progress::converged);
  CHECK(distance_to(1, point) < 1e-9);
}

TEST_CASE("levenbergMarquardt takes a singular J'J") {
  // Only the sum of the two is determined; the third does nothing.
  Residuals<double> cost(3, [](const auto& x, auto& r, auto& j) {
    r = {x[0] + x[1] - 4};
    j = {{1, 1, 0}};
  });
  LevenbergMarquardt<double> method(3, damping, 1e-12);
  std::vector<double> point{0, 0, 5};
  CHECK(run(method, static_cast<Cost<double>&>(cost), point, 20).progress == Progress::converged);
  CHECK(point[0] == doctest::Approx(2));
  CHECK(point[1] == doctest::Approx(2));
  CHECK(point[2] == 5);
}

TEST_CASE(
    "levenbergMarquardt steps back from values that are not finite, and gives up in the end") {
  for (const double behind : {not_a_number, infinity, -infinity}) {
    // The Gauss-Newton step from 0.1 is far beyond the wall at 1.
    Residuals<double> cost(1, [behind](const auto& x, auto& r, auto& j) {
      r = {x[0] > 1 ? behind : x[0] * x[0] * x[0] - 0.5};
      j = {{3 * x[0] * x[0]}};
    });
    LevenbergMarquardt<double> method(1, damping, 1e-10);
    std::vector<double> point{0.1};
    CHECK(run(method, static_cast<Cost<double>&>(cost), point, 60).progress == Progress::converged);
    CHECK(point[0] == doctest::Approx(std::cbrt(0.5)));
  }
  Residuals<double> wrong(1, [](const auto& x, auto& r, auto& j) {
    r = {x[0]};
    j = {{-1}};
  });
  LevenbergMarquardt<double> method(1, damping, 1e-10);
  std::vector<double> point{2};
  CHECK(method.iterate(wrong, point, {}) == Progress::stuck);
  CHECK(point[0] == 2);
  CHECK(method.damping() == damping.initial);
}

TEST_CASE("levenbergMarquardt fits a sine with 20 hidden units to 1e-8 in 200 iterations") {
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    Residuals<double> cost(61, network_residuals);
    LevenbergMarquardt<double> method(61, damping, 0);
    auto point = network_start(seed);
    int iterations = 0;
    while (iterations < 200 && method.iterate(cost, point, {}) == Progress::moved) {
      ++iterations;
      if (method.value() < 1e-8) break;
    }
    CHECK(method.value() < 1e-8);
  }
}

TEST_CASE("levenbergMarquardt is for sums of squares") {
  auto cost = rosenbrock<double>(2);
  LevenbergMarquardt<double> method(2, damping, 0);
  std::vector<double> point{0, 0};
  CHECK_THROWS_AS(method.iterate(cost, point, {}), std::invalid_argument);
}

TEST_CASE("methods refuse sizes and options that they cannot work with") {
  CHECK_THROWS_AS(Bfgs<double>(Bfgs<double>::maximum_size + 1, 0, 20), std::invalid_argument);
  CHECK_THROWS_AS(Bfgs<double>(std::size_t{1} << 40, 0, 20), std::invalid_argument);
  CHECK_THROWS_AS(
      LevenbergMarquardt<double>(LevenbergMarquardt<double>::maximum_size + 1, damping, 0),
      std::invalid_argument);
  CHECK_THROWS_AS(LevenbergMarquardt<double>(2, {0, 10, 0.1, 1}, 0), std::invalid_argument);
  CHECK_THROWS_AS(LevenbergMarquardt<double>(2, {2, 10, 0.1, 1}, 0), std::invalid_argument);
  CHECK_THROWS_AS(LevenbergMarquardt<double>(2, {1, 1, 0.1, 1}, 0), std::invalid_argument);
  CHECK_THROWS_AS(LevenbergMarquardt<double>(2, {1, 10, 10, 1}, 0), std::invalid_argument);
  CHECK_THROWS_AS(Lbfgs<double>(2, 0, 0, 20), std::invalid_argument);
}

TEST_CASE("Cholesky's factorization solves positive definite systems, and refuses others") {
  for (const std::size_t size : {1U, 5U, 64U, 65U, 200U}) {
    const Philox random(size, Stream::initial_weights, 0);
    Matrix<double> root(size, size);
    for (std::size_t i = 0; i < size * size; ++i) root.view().data[i] = 2 * random.uniform(i) - 1;
    Matrix<double> a(size, size);
    gemm<double>(Transpose::no, root.view(), Transpose::yes, root.view(), 0, a.view());
    std::vector<double> expected(size);
    std::vector<double> x(size);
    for (std::size_t i = 0; i < size; ++i) {
      a.view().row(i)[i] += 1;
      expected[i] = random.uniform(size * size + i);
    }
    multiply_symmetric(a.view(), expected.data(), x.data());
    auto factor = a;
    for (std::size_t i = 0; i < size; ++i)  // only the lower triangle is read
      for (std::size_t j = i + 1; j < size; ++j) factor.view().row(i)[j] = not_a_number;
    REQUIRE(factorize_cholesky(factor.view()));
    solve_cholesky(factor.view(), x.data());
    for (std::size_t i = 0; i < size; ++i)
      CHECK(x[i] == doctest::Approx(expected[i]).epsilon(1e-9));

    auto indefinite = a;
    indefinite.view().row(size - 1)[size - 1] = -1e-3;
    CHECK_FALSE(factorize_cholesky(indefinite.view()));
    auto broken = a;
    broken.view().row(size - 1)[0] = not_a_number;
    CHECK_FALSE(factorize_cholesky(broken.view()));
  }
}

TEST_CASE("the methods' rows name their options") {
  std::vector<std::string> names;
  for (const auto& row : quasi_newton_methods<float>()) {
    names.emplace_back(row.name);
    for (std::size_t i = 0; i < row.options.count; ++i) names.emplace_back(row.options.names[i]);
  }
  CHECK(names == std::vector<std::string>{
                     "bfgs", "gradientTolerance", "maximumEvaluations", "lbfgs", "history",
                     "gradientTolerance", "maximumEvaluations", "levenbergMarquardt", "mu",
                     "muIncrease", "muDecrease", "maximumMu", "gradientTolerance"});
}
