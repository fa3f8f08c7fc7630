#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "core/instruction_sets.h"

using namespace gemmnet;

namespace {

/// What the activations are, in long double.
long double exact(const std::string& name, long double z) {
  if (name == "linear") return z;
  if (name == "sigmoid") return 1 / (1 + std::exp(-z));
  if (name == "tanh") return std::tanh(z);
  if (name == "relu") return z > 0 ? z : 0;
  FAIL("no reference for ", name);
  return 0;
}

/// |got - want| in units of the last place of want.
template <typename T>
double ulps(T got, long double want) {
  const T rounded = static_cast<T>(want);
  const T step =
      std::nextafter(std::abs(rounded), std::numeric_limits<T>::infinity()) - std::abs(rounded);
  return static_cast<double>(std::abs(static_cast<long double>(got) - want) /
                             static_cast<long double>(step));
}

template <typename T>
void check_activations(const InstructionSet& set, const Kernels<T>& kernels) {
  for (const Activation<T>& activation : kernels.activations) {
    if (activation.whole_row) continue;
    CAPTURE(set.name);
    CAPTURE(activation.name);
    constexpr std::size_t size = 40'001;  // odd, so that the ends of vector loops are met
    std::vector<T> z(size);
    for (std::size_t i = 0; i < size; ++i)
      z[i] = static_cast<T>(40 * static_cast<double>(i) / size - 20);
    std::vector<T> a(size);
    const std::vector<T> bias(size, T{0});
    activation.forward(nullptr, {z.data(), 1, size}, bias.data(), {a.data(), 1, size});
    double largest = 0;
    for (std::size_t i = 0; i < size; ++i)
      largest = std::max(largest, ulps(a[i], exact(activation.name, z[i])));
    CHECK(largest <= 4);

    // In place gives the same, and NaN stays.
    std::vector<T> in_place = z;
    in_place[0] = std::numeric_limits<T>::quiet_NaN();
    activation.forward(nullptr, {in_place.data(), 1, size}, bias.data(),
                       {in_place.data(), 1, size});
    CHECK(std::isnan(in_place[0]));
    for (std::size_t i = 1; i < size; ++i) REQUIRE(in_place[i] == a[i]);
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
  std::vector<T> sums(10, T{1});
  kernels.elementwise.column_sums({values.data(), 500, 10}, T{1}, sums.data());
  for (std::size_t c = 0; c < 10; ++c) {
    T sum = 1;
    for (std::size_t r = 0; r < 500; ++r) sum += values[r * 10 + c];
    CHECK(sums[c] == sum);
  }
}

}  // namespace

TEST_CASE("in every instruction set, activations are exact to 4 ulp and keep NaN") {
  for (const InstructionSet& set : instruction_sets()) {
    if (!set.supported()) continue;
    check_activations<float>(set, set.float_kernels());
    check_activations<double>(set, set.double_kernels());
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
