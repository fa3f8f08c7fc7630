#include "core/initializers.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

using namespace gemmnet;

namespace {

const Philox some_draws(11, Stream::initial_weights, 2);

std::vector<double> fill(const std::string& name, const std::vector<double>& options,
                         std::size_t inputs, std::size_t outputs, std::size_t size,
                         const Philox& random = some_draws) {
  std::vector<double> values(size, std::nan(""));
  find_required(initializers(), "initializer", name)
      .fill(options.data(), random, inputs, outputs, values);
  return values;
}

std::vector<double> kernel(const std::string& name, const std::vector<double>& options,
                           std::size_t inputs, std::size_t outputs) {
  return fill(name, options, inputs, outputs, inputs * outputs);
}

struct Moments {
  double mean = 0;
  double deviation = 0;
  double smallest = 0;
  double largest = 0;
};

Moments moments_of(const std::vector<double>& values) {
  Moments moments;
  const auto size = static_cast<double>(values.size());
  for (const double value : values) moments.mean += value / size;
  for (const double value : values)
    moments.deviation += (value - moments.mean) * (value - moments.mean) / size;
  moments.deviation = std::sqrt(moments.deviation);
  moments.smallest = *std::min_element(values.begin(), values.end());
  moments.largest = *std::max_element(values.begin(), values.end());
  return moments;
}

/// What an initializer's values are, of a kernel of 300 x 200 and of 200 biases.
struct Expected {
  std::string name;
  std::vector<double> options;
  double mean;
  double deviation;
  double bound;  // of |value - mean|: met to within a hundredth, or infinite
};

constexpr double inf = std::numeric_limits<double>::infinity();
/// Deviation of a standard normal number that is known to be within +-2.
const double truncated =
    std::sqrt(1 - 4 * std::exp(-2.0) / std::sqrt(2 * std::acos(-1.0)) / std::erf(std::sqrt(2.0)));

/// U(mean - bound, mean + bound)
Expected uniform(const std::string& name, const std::vector<double>& options, double mean,
                 double bound) {
  return {name, options, mean, bound / std::sqrt(3.0), bound};
}

/// Truncated at 2 deviations; `deviation` is that of what is left.
Expected truncated_normal(const std::string& name, const std::vector<double>& options, double mean,
                          double deviation) {
  return {name, options, mean, deviation, 2 * deviation / truncated};
}

const std::vector<Expected> expectations = {
    {"zeros", {}, 0, 0, 0},
    {"ones", {}, 1, 0, 0},
    {"constant", {-2.5}, -2.5, 0, 0},
    uniform("uniform", {-1, 3}, 1, 2),
    {"normal", {-1, 2}, -1, 2, inf},
    truncated_normal("truncatedNormal", {3, 0.5}, 3, 0.5 * truncated),
    uniform("glorotUniform", {}, 0, std::sqrt(6.0 / 500)),
    truncated_normal("glorotNormal", {}, 0, std::sqrt(2.0 / 500)),
    uniform("heUniform", {}, 0, std::sqrt(6.0 / 300)),
    truncated_normal("heNormal", {}, 0, std::sqrt(2.0 / 300)),
    uniform("lecunUniform", {}, 0, std::sqrt(3.0 / 300)),
    truncated_normal("lecunNormal", {}, 0, std::sqrt(1.0 / 300)),
    {"orthogonal", {1}, 0, std::sqrt(1.0 / 300), inf},
    uniform("torchUniform", {}, 0, std::sqrt(1.0 / 300)),
    uniform("sklearnUniform", {2}, 0, std::sqrt(2.0 / 500)),
};

const Expected& expected_of(const std::string& name) {
  for (const Expected& row : expectations)
    if (row.name == name) return row;
  FAIL("no expectation for ", name);
  return expectations.front();
}

/// The largest |product| of two rows, or |product - square| of one with itself.
double orthogonality_error(const std::vector<double>& values, std::size_t rows, std::size_t columns,
                           double square) {
  double worst = 0;
  for (std::size_t a = 0; a < rows; ++a) {
    for (std::size_t b = 0; b <= a; ++b) {
      double product = a == b ? -square : 0;
      for (std::size_t c = 0; c < columns; ++c)
        product += values[a * columns + c] * values[b * columns + c];
      worst = std::max(worst, std::abs(product));
    }
  }
  return worst;
}

std::vector<double> transpose(const std::vector<double>& values, std::size_t rows,
                              std::size_t columns) {
  std::vector<double> result(values.size());
  for (std::size_t r = 0; r < rows; ++r)
    for (std::size_t c = 0; c < columns; ++c) result[c * rows + r] = values[r * columns + c];
  return result;
}

}  // namespace

TEST_CASE("every initializer has the moments and the bounds of its distribution") {
  constexpr std::size_t inputs = 300;
  constexpr std::size_t outputs = 200;
  for (const Initializer& row : initializers()) {
    CAPTURE(row.name);
    const Expected& expected = expected_of(row.name);
    REQUIRE(row.options.count == expected.options.size());
    for (const std::size_t size : {inputs * outputs, outputs}) {
      const Moments moments = moments_of(fill(row.name, expected.options, inputs, outputs, size));
      // Five standard errors; those of a deviation are smaller than those of a mean.
      const double allowed = 5 * expected.deviation / std::sqrt(static_cast<double>(size)) + 1e-10;
      // A random direction's numbers depend on how many there are.
      const bool direction = expected.name == "orthogonal" && size == outputs;
      const double deviation = direction ? std::sqrt(1.0 / outputs) : expected.deviation;
      CHECK(std::abs(moments.mean - expected.mean) < allowed * (direction ? 2 : 1));
      CHECK(std::abs(moments.deviation - deviation) < allowed);
      if (expected.bound == inf) continue;
      CHECK(moments.smallest >= expected.mean - expected.bound * (1 + 1e-15));
      CHECK(moments.largest <= expected.mean + expected.bound * (1 + 1e-15));
      if (size == outputs) continue;
      CHECK(moments.smallest <= expected.mean - expected.bound * 0.99);
      CHECK(moments.largest >= expected.mean + expected.bound * 0.99);
    }
  }
}

TEST_CASE("the deviation after truncation is Keras's constant") {
  CHECK(truncated == doctest::Approx(.87962566103423978).epsilon(1e-14));
}

TEST_CASE("initial values depend on the draws only, draw by draw") {
  for (const Initializer& row : initializers()) {
    CAPTURE(row.name);
    const std::vector<double>& options = expected_of(row.name).options;
    const std::vector<double> values = fill(row.name, options, 7, 5, 35);
    CHECK(fill(row.name, options, 7, 5, 35) == values);
    const bool constant = expected_of(row.name).deviation == 0;
    const std::vector<double> others =
        fill(row.name, options, 7, 5, 35, Philox(11, Stream::initial_weights, 3));
    CHECK((others == values) == constant);
    if (expected_of(row.name).name == "orthogonal") continue;
    const std::vector<double> first = fill(row.name, options, 7, 5, 5);
    CHECK(std::equal(first.begin(), first.end(), values.begin()));
  }
}

TEST_CASE("normal quantiles are those of the distribution") {
  // Phi(z) = erfc(-z / sqrt 2) / 2; at 0 and far out, scipy 1.17.1's norm.ppf.
  for (int sixteenths = -128; sixteenths <= 96; ++sixteenths) {
    const double z = sixteenths / 16.0;
    CAPTURE(z);
    const double p = std::erfc(-z / std::sqrt(2.0)) / 2;
    // A step of p at its precision moves z by eps p / density.
    const double density = std::exp(-z * z / 2) / std::sqrt(2 * std::acos(-1.0));
    CHECK(std::abs(normal_quantile(p) - z) < 1e-15 * (4 + std::abs(z)) + 4e-16 * p / density);
  }
  CHECK(normal_quantile(0.5) == 0);
  CHECK(normal_quantile(0.975) == doctest::Approx(1.959963984540054).epsilon(1e-15));
  CHECK(normal_quantile(1e-300) == doctest::Approx(-37.0470962993612).epsilon(1e-14));
  CHECK(normal_quantile(0) == -inf);
  CHECK(normal_quantile(1) == inf);
  CHECK(std::isnan(normal_quantile(std::nan(""))));
}

TEST_CASE("normal numbers have the tails of the distribution") {
  const std::vector<double> values = kernel("normal", {0, 1}, 1000, 1000);
  for (const double z : {1.0, 2.0, 3.0, 4.0}) {
    CAPTURE(z);
    const double expected = 1e6 * std::erfc(z / std::sqrt(2.0)) / 2;
    const auto above =
        std::count_if(values.begin(), values.end(), [&](double value) { return value > z; });
    const auto below =
        std::count_if(values.begin(), values.end(), [&](double value) { return value < -z; });
    CHECK(std::abs(static_cast<double>(above) - expected) < 5 * std::sqrt(expected));
    CHECK(std::abs(static_cast<double>(below) - expected) < 5 * std::sqrt(expected));
  }
}

TEST_CASE("an orthogonal kernel has orthonormal columns, or rows where it is wide") {
  struct Shape {
    std::size_t inputs;
    std::size_t outputs;
  };
  for (const Shape shape : {Shape{1, 1}, {40, 40}, {200, 70}, {70, 200}, {33, 100}, {300, 300}}) {
    CAPTURE(shape.inputs);
    CAPTURE(shape.outputs);
    for (const double gain : {1.0, 2.0}) {
      const std::vector<double> values = kernel("orthogonal", {gain}, shape.inputs, shape.outputs);
      const bool wide = shape.inputs < shape.outputs;
      const std::vector<double> vectors =
          wide ? values : transpose(values, shape.inputs, shape.outputs);
      CHECK(orthogonality_error(vectors, std::min(shape.inputs, shape.outputs),
                                std::max(shape.inputs, shape.outputs), gain * gain) < 1e-12);
    }
  }
}

TEST_CASE("orthogonal kernels are as often of one orientation as of the other") {
  // Uniform over all orthogonal matrices: without the sign of R's diagonal, it would not be.
  int positive_corner = 0;
  int rotations = 0;
  for (std::uint32_t number = 0; number < 1000; ++number) {
    const std::vector<double> q =
        fill("orthogonal", {1}, 2, 2, 4, Philox(1, Stream::initial_weights, number));
    if (q[0] > 0) ++positive_corner;
    if (q[0] * q[3] - q[1] * q[2] > 0) ++rotations;
  }
  CHECK(std::abs(positive_corner - 500) < 80);
  CHECK(std::abs(rotations - 500) < 80);
}
