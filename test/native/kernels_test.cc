#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <type_traits>
#include <vector>

#include "core/instruction_sets.h"

using namespace gemmnet;

namespace {

using Real = long double;

// Bounds in units of the last place, see Exact. Measured over the instruction sets: gelu 7.8, mish
// 3.7, selu 3.0, tanh and sigmoid 2.4, the others less; derivatives: silu 4.3, mish 4.2, softsign
// 3.5, gelu 3.2, the others less than 3.
double largest_error(const std::string& name) { return name == "gelu" ? 9 : 4; }
constexpr double largest_slope_error = 5;

/// What an activation is at one place. An error is counted in units of the last place of `scale`
/// (of `slope_scale`), which is the result itself unless the result is a difference of larger
/// terms, or is made from a rounded argument that it magnifies.
struct Exact {
  Exact(Real a, Real a_slope)
      : value(a), slope(a_slope), scale(std::abs(a)), slope_scale(std::abs(a_slope)) {}

  Exact scaled(Real new_scale, Real new_slope_scale) const {
    Exact result = *this;
    result.scale = new_scale;
    result.slope_scale = new_slope_scale;
    return result;
  }

  Real value;
  Real slope;
  Real scale;
  Real slope_scale;
};

Real logistic(Real z) { return z < 0 ? std::exp(z) / (1 + std::exp(z)) : 1 / (1 + std::exp(-z)); }

Exact exact_gelu(Real z, bool approximate) {
  const Real pi = std::acos(Real{-1});
  if (approximate) {
    const Real factor = std::sqrt(2 / pi);
    const Real u2 = 2 * factor * (z + static_cast<Real>(0.044715) * z * z * z);
    const Real u2_slope = 2 * factor * (1 + 3 * static_cast<Real>(0.044715) * z * z);
    const Real product = z * logistic(u2) * logistic(-u2) * u2_slope;
    const Real sigmoid = logistic(u2);
    return Exact(z * sigmoid, sigmoid + product)
        .scaled(std::abs(z * sigmoid) * (1 + std::abs(u2)),
                (sigmoid + std::abs(product)) * (1 + std::abs(u2)));
  }
  const Real cumulative = std::erfc(-z / std::sqrt(Real{2})) / 2;
  const Real product = z * std::exp(-z * z / 2) / std::sqrt(2 * pi);
  return Exact(z * cumulative, cumulative + product)
      .scaled(std::abs(z * cumulative), cumulative + std::abs(product));
}

Exact exact_mish(Real z) {
  const Real e = std::exp(z);
  const Real t = std::tanh(std::log1p(e));
  // 1 - t^2 = 1 / cosh^2, which is not a difference.
  const Real cosh = z < 100 ? std::cosh(std::log1p(e)) : std::numeric_limits<Real>::infinity();
  const Real product = z / (cosh * cosh) * logistic(z);
  const Real tanh = z < 100 ? t : 1;
  return Exact(z * tanh, tanh + product).scaled(std::abs(z * tanh), tanh + std::abs(product));
}

Exact exact(const std::string& name, Real z, Real option) {
  if (name == "linear") return {z, 1};
  // Derivatives from a: exact beside their largest value.
  if (name == "sigmoid") {
    const Exact result(logistic(z), logistic(z) * logistic(-z));
    return result.scaled(result.scale, 1);
  }
  if (name == "tanh") {
    const Exact result(std::tanh(z), 1 - std::tanh(z) * std::tanh(z));
    return result.scaled(result.scale, 1);
  }
  if (name == "hardSigmoid")
    return {std::min(std::max((z + 3) / 6, Real{0}), Real{1}), std::abs(z) < 3 ? 1 / Real{6} : 0};
  if (name == "relu") return {std::max(z, Real{0}), z > 0 ? Real{1} : 0};
  if (name == "relu6")
    return {std::min(std::max(z, Real{0}), Real{6}), z > 0 && z < 6 ? Real{1} : 0};
  if (name == "leakyRelu") return {z > 0 ? z : option * z, z > 0 ? 1 : option};
  if (name == "elu") return {z > 0 ? z : option * std::expm1(z), z > 0 ? 1 : option * std::exp(z)};
  if (name == "selu") {
    const Real alpha = 1.6732632423543772848170429916717L;
    const Real scale = 1.0507009873554804934193349852946L;
    return {scale * (z > 0 ? z : alpha * std::expm1(z)), scale * (z > 0 ? 1 : alpha * std::exp(z))};
  }
  if (name == "celu") {
    const Exact result(z > 0 ? z : option * std::expm1(z / option),
                       z > 0 ? 1 : std::exp(z / option));
    return result.scaled(result.scale, result.slope_scale * (1 + std::abs(z / option)));
  }
  if (name == "gelu") return exact_gelu(z, option != 0);
  if (name == "silu") {
    const Real product = z * logistic(z) * logistic(-z);
    return Exact(z * logistic(z), logistic(z) + product)
        .scaled(std::abs(z) * logistic(z), logistic(z) + std::abs(product));
  }
  if (name == "mish") return exact_mish(z);
  if (name == "softplus")
    return {std::max(z, Real{0}) + std::log1p(std::exp(-std::abs(z))), logistic(z)};
  if (name == "softsign")
    return {z / (1 + std::abs(z)), 1 / ((1 + std::abs(z)) * (1 + std::abs(z)))};
  if (name == "exponential") return {std::exp(z), std::exp(z)};
  FAIL("no reference for ", name);
  return {0, 0};
}

/// What the one option of an activation is tested with; the defaults are among them.
std::vector<double> option_values(const std::string& name) {
  if (name == "leakyRelu") return {0.2, 0.01, 0, 1.5};
  if (name == "elu") return {1, 0.3, 0, 2};
  if (name == "celu") return {1, 0.3, 2};
  if (name == "gelu") return {0, 1};
  return {0};  // no option
}

/// |got - want| in units of the last place of scale. A factor below the smallest normal number is
/// flushed to zero, and stands before others of up to a thousand (gelu's z du/dz).
template <typename T>
double units(T got, Real want, Real scale) {
  using Limits = std::numeric_limits<T>;
  const Real smallest = static_cast<Real>(Limits::min());
  if (std::abs(want) > static_cast<Real>(Limits::max()))
    return got == std::copysign(Limits::infinity(), static_cast<T>(want)) ? 0 : 1e9;
  const Real error = std::abs(static_cast<Real>(got) - want);
  if (error <= 2000 * smallest) return 0;
  const Real bounded = std::min(std::max(scale, smallest), static_cast<Real>(Limits::max()));
  return static_cast<double>(error / std::ldexp(Real{1}, std::ilogb(bounded) - Limits::digits + 1));
}

/// Closely where the functions bend, and up to where they have become lines or vanished.
template <typename T>
std::vector<T> arguments(std::size_t size) {
  const double far = std::is_same_v<T, float> ? 100 : 760;
  std::vector<T> z(size);
  for (std::size_t i = 0; i < size; ++i) {
    const double place = 2 * static_cast<double>(i) / static_cast<double>(size) - 1;
    z[i] = static_cast<T>((i % 4 == 0 ? far : 20) * place);
  }
  return z;
}

template <typename T>
void check_activation(const Activation<T>& activation, double option) {
  CAPTURE(activation.name);
  CAPTURE(option);
  // Rows of odd length, so that the ends of vector loops are met, with gaps between.
  constexpr std::size_t rows = 3;
  constexpr std::size_t columns = 13'337;
  constexpr std::size_t stride = columns + 3;
  const std::vector<T> sums = arguments<T>(rows * stride);
  std::vector<T> bias(columns);
  for (std::size_t c = 0; c < columns; ++c) bias[c] = static_cast<T>(c % 3) / 2;
  std::vector<T> z(sums);
  for (std::size_t r = 0; r < rows; ++r)
    for (std::size_t c = 0; c < columns; ++c) z[r * stride + c] -= bias[c];
  std::vector<T> a(rows * columns);
  activation.forward(&option, {z.data(), rows, columns, stride}, bias.data(),
                     {a.data(), rows, columns});
  std::vector<T> d(rows * columns, T{1});
  activation.backward(&option, {z.data(), rows, columns, stride}, {a.data(), rows, columns},
                      {d.data(), rows, columns});
  double worst = 0;
  double worst_slope = 0;
  T worst_at = 0;
  T worst_slope_at = 0;
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t c = 0; c < columns; ++c) {
      // Adding the bias rounds; z holds what it came to.
      const T sum = z[r * stride + c];
      REQUIRE(std::abs(sum - sums[r * stride + c]) <= std::numeric_limits<T>::epsilon() * 800);
      const Exact want =
          exact(activation.name, static_cast<Real>(sum), static_cast<Real>(static_cast<T>(option)));
      const double error = units(a[r * columns + c], want.value, want.scale);
      const double slope_error = units(d[r * columns + c], want.slope, want.slope_scale);
      if (error > worst) {
        worst = error;
        worst_at = sum;
      }
      if (slope_error > worst_slope) {
        worst_slope = slope_error;
        worst_slope_at = sum;
      }
    }
    for (std::size_t c = columns; c < stride; ++c)
      REQUIRE(z[r * stride + c] == sums[r * stride + c]);
  }
  CAPTURE(worst_at);
  CAPTURE(worst_slope_at);
  CHECK(worst <= largest_error(activation.name));
  CHECK(worst_slope <= largest_slope_error);

  // Without a bias, and in place, it is the same.
  std::vector<T> whole(z.begin(), z.begin() + columns);
  std::vector<T> apart(columns);
  activation.forward(&option, {whole.data(), 1, columns}, nullptr, {apart.data(), 1, columns});
  activation.forward(&option, {whole.data(), 1, columns}, nullptr, {whole.data(), 1, columns});
  for (std::size_t c = 0; c < columns; ++c) REQUIRE(apart[c] == a[c]);
  for (std::size_t c = 0; c < columns; ++c) REQUIRE(whole[c] == a[c]);
}

/// Values and derivatives go to their limits where z is huge, and NaN stays.
template <typename T>
void check_limits(const Activation<T>& activation, double option) {
  CAPTURE(activation.name);
  CAPTURE(option);
  using Limits = std::numeric_limits<T>;
  const std::vector<T> huge = {T(1e3), T(1e10), T(1e30), Limits::max(), Limits::infinity()};
  for (const T size : huge) {
    for (const T place : {size, -size}) {
      CAPTURE(place);
      // Long enough that the vector loop runs, odd so that its remainder does too.
      std::vector<T> z(67, place);
      std::vector<T> a(67);
      std::vector<T> d(67, T{1});
      activation.forward(&option, {z.data(), 1, 67}, nullptr, {a.data(), 1, 67});
      activation.backward(&option, {z.data(), 1, 67}, {a.data(), 1, 67}, {d.data(), 1, 67});
      // Where a product's limit is 0, the reference would multiply infinity with 0.
      const Real near = std::isinf(place)
                            ? std::copysign(std::sqrt(std::numeric_limits<Real>::max()), place)
                            : static_cast<Real>(place);
      const Exact want = exact(activation.name, near, static_cast<Real>(static_cast<T>(option)));
      for (const std::size_t i : {0, 66}) {
        const bool grows = std::abs(want.value) > 1e9L;
        if (std::isinf(place) && grows)
          CHECK(a[i] == std::copysign(Limits::infinity(), static_cast<T>(want.value)));
        else if (std::isinf(place) && std::string(activation.name) == "leakyRelu" &&
                 want.value == 0)
          CHECK(std::isnan(a[i]));  // slope 0 times infinity
        else
          CHECK(units(a[i], want.value, want.scale) <= largest_error(activation.name));
        if (std::string(activation.name) != "exponential") {
          CHECK(std::isfinite(d[i]));
          CHECK(units(d[i], want.slope, want.slope_scale) <= largest_slope_error);
        }
      }
    }
  }
  std::vector<T> z(67, Limits::quiet_NaN());
  std::vector<T> a(67);
  activation.forward(&option, {z.data(), 1, 67}, nullptr, {a.data(), 1, 67});
  for (const T value : a) CHECK(std::isnan(value));
}

template <typename T>
void check_activations(const InstructionSet& set, const Kernels<T>& kernels) {
  CAPTURE(set.name);
  for (const Activation<T>& activation : kernels.activations) {
    if (activation.whole_row) continue;
    REQUIRE(activation.options.count <= 1);
    for (const double option : option_values(activation.name)) {
      check_activation(activation, option);
      check_limits(activation, option);
    }
  }
}

/// softmax and logSoftmax against their definitions, at logits of any size.
template <typename T>
void check_whole_rows(const InstructionSet& set, const Kernels<T>& kernels) {
  CAPTURE(set.name);
  const Activation<T>& softmax = *find(kernels.activations, "softmax");
  const Activation<T>& log_softmax = *find(kernels.activations, "logSoftmax");
  for (const std::size_t columns : {1, 3, 16, 67}) {
    for (const double spread : {1.0, 30.0, 1000.0}) {
      CAPTURE(columns);
      CAPTURE(spread);
      std::vector<T> z(columns);
      std::vector<T> d(columns);
      for (std::size_t c = 0; c < columns; ++c) {
        z[c] = static_cast<T>(spread * std::sin(3.7 * static_cast<double>(c + columns)));
        d[c] = static_cast<T>(std::cos(1.3 * static_cast<double>(c)));
      }
      Real sum = 0;
      const Real largest = static_cast<Real>(*std::max_element(z.begin(), z.end()));
      for (const T value : z) sum += std::exp(static_cast<Real>(value) - largest);
      Real product = 0;
      Real total = 0;
      for (std::size_t c = 0; c < columns; ++c) {
        product += static_cast<Real>(d[c]) * std::exp(static_cast<Real>(z[c]) - largest) / sum;
        total += static_cast<Real>(d[c]);
      }
      std::vector<T> a(columns);
      std::vector<T> slope(d);
      const MatrixView<T> a_view{a.data(), 1, columns};
      softmax.forward(nullptr, {z.data(), 1, columns}, nullptr, a_view);
      softmax.backward(nullptr, {}, {a.data(), 1, columns}, {slope.data(), 1, columns});
      for (std::size_t c = 0; c < columns; ++c) {
        const Real distance = static_cast<Real>(z[c]) - largest;
        const Real share = std::exp(distance) / sum;
        CHECK(units(a[c], share, share * (1 - distance)) <= 6);
        CHECK(units(slope[c], share * (static_cast<Real>(d[c]) - product), Real{1}) <= 8);
      }
      slope = d;
      log_softmax.forward(nullptr, {z.data(), 1, columns}, nullptr, a_view);
      log_softmax.backward(nullptr, {}, {a.data(), 1, columns}, {slope.data(), 1, columns});
      for (std::size_t c = 0; c < columns; ++c) {
        const Real want = static_cast<Real>(z[c]) - largest - std::log(sum);
        // Next to 0 it is as exact as the sum, which is next to 1.
        CHECK(units(a[c], want, std::max(std::abs(want), Real{1})) <= 4);
        const Real share = std::exp(want);
        CHECK(units(slope[c], static_cast<Real>(d[c]) - share * total, Real{10}) <= 8);
      }
    }
  }
}

template <typename T>
void check_elementwise(const InstructionSet& set, const Kernels<T>& kernels) {
  CAPTURE(set.name);
  std::vector<T> values(5000);
  double squares = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<T>(static_cast<double>(i % 17) - 8);
    squares += static_cast<double>(values[i]) * static_cast<double>(values[i]);
  }
  CHECK(kernels.elementwise.sum_of_squares(values.data(), values.size()) == squares);
  CHECK(kernels.elementwise.first_non_finite(values.data(), values.size()) == values.size());
  for (const std::size_t place : {0, 1023, 1024, 4999}) {
    for (const T bad : {std::numeric_limits<T>::quiet_NaN(), std::numeric_limits<T>::infinity(),
                        -std::numeric_limits<T>::infinity()}) {
      std::vector<T> damaged = values;
      damaged[place] = bad;
      CHECK(kernels.elementwise.first_non_finite(damaged.data(), damaged.size()) == place);
    }
  }
  for (const std::size_t rows : {1, 3, 16, 37})
    for (const std::size_t columns : {1, 8, 16, 13}) {
      std::vector<T> transposed(columns * (rows + 2), T{-1});
      kernels.elementwise.transpose({values.data(), rows, columns, columns + 5},
                                    {transposed.data(), columns, rows, rows + 2});
      for (std::size_t r = 0; r < rows; ++r)
        for (std::size_t c = 0; c < columns; ++c)
          REQUIRE(transposed[c * (rows + 2) + r] == values[r * (columns + 5) + c]);
      for (std::size_t c = 0; c < columns; ++c)  // what lies between the rows is left alone
        REQUIRE(transposed[c * (rows + 2) + rows] == -1);
    }
  std::vector<T> sums(10, T{1});
  kernels.elementwise.column_sums({values.data(), 500, 10}, T{1}, sums.data());
  for (std::size_t c = 0; c < 10; ++c) {
    T sum = 1;
    for (std::size_t r = 0; r < 500; ++r) sum += values[r * 10 + c];
    CHECK(sums[c] == sum);
  }
}

}  // namespace

TEST_CASE(
    "in every instruction set, activations and their derivatives are exact to a few ulp and keep "
    "NaN") {
  for (const InstructionSet& set : instruction_sets()) {
    if (!set.supported()) continue;
    check_activations<float>(set, set.float_kernels());
    check_activations<double>(set, set.double_kernels());
  }
}

TEST_CASE("in every instruction set, softmax and logSoftmax are those of the definition") {
  for (const InstructionSet& set : instruction_sets()) {
    if (!set.supported()) continue;
    check_whole_rows<float>(set, set.float_kernels());
    check_whole_rows<double>(set, set.double_kernels());
  }
}

TEST_CASE("in every instruction set, sums and checks are those of plain loops") {
  for (const InstructionSet& set : instruction_sets()) {
    if (!set.supported()) continue;
    check_elementwise<float>(set, set.float_kernels());
    check_elementwise<double>(set, set.double_kernels());
  }
}

TEST_CASE("softmax rows sum to 1 at any size of logit") {
  const Activation<float>& softmax = *find(kernels<float>().activations, "softmax");
  std::vector<float> z = {1e30F, -1e30F, 0, 88, -88, 1, 2, 3, 4};
  softmax.forward(nullptr, {z.data(), 3, 3}, nullptr, {z.data(), 3, 3});
  for (std::size_t r = 0; r < 3; ++r)
    CHECK(z[3 * r] + z[3 * r + 1] + z[3 * r + 2] == doctest::Approx(1));
}
