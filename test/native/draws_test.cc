// The kernels' draws against Philox, which decides what they must be.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "core/instruction_sets.h"
#include "core/random.h"

using namespace gemmnet;

namespace {

constexpr std::uint64_t seed = 0x0123456789abcdef;
constexpr std::uint32_t stream = static_cast<std::uint32_t>(Stream::noise);
constexpr std::uint32_t epoch = 0x80000003;
// The counter's low word overflows after five blocks.
constexpr DrawRow row{seed, stream, epoch, (std::uint64_t{9} << 32) - 5};

std::uint32_t word(const DrawRow& draws, std::size_t i) {
  const Philox philox(draws.seed, static_cast<Stream>(draws.stream), draws.epoch);
  return philox.block(draws.first + i / 4)[i % 4];
}

/// Calls `check(kernels)` for either precision in every instruction set.
template <typename Check>
void in_every_set(const Check& check) {
  for (const InstructionSet& set : instruction_sets()) {
    if (!set.supported()) continue;
    CAPTURE(set.name);
    check(set.float_kernels());
    check(set.double_kernels());
  }
}

template <typename T>
std::vector<T> dropout(const Kernels<T>& kernels, const DrawRow& draws, double rate,
                       std::size_t size) {
  // What lies behind the row must stay.
  std::vector<T> factors(size + 1, T{-1});
  kernels.elementwise.dropout(draws, rate, factors.data(), size);
  CHECK(factors.back() == T{-1});
  factors.pop_back();
  return factors;
}

template <typename T>
std::vector<T> normal(const Kernels<T>& kernels, const DrawRow& draws, std::size_t size) {
  std::vector<T> values(size + 1, T{-100});
  kernels.elementwise.normal(draws, values.data(), size);
  CHECK(values.back() == T{-100});
  values.pop_back();
  return values;
}

}  // namespace

TEST_CASE("dropout drops where Philox's word is below the threshold, and nowhere else") {
  in_every_set([]<typename T>(const Kernels<T>& kernels) {
    for (const double rate : {0.0, 0.1, 0.25, 0.5, 0.9, 1 - 0x1p-32, 0x1p-32}) {
      CAPTURE(rate);
      const auto threshold = static_cast<std::uint64_t>(std::round(rate * 0x1p32));
      for (std::size_t size = 0; size < 140; ++size) {
        const std::vector<T> factors = dropout(kernels, row, rate, size);
        for (std::size_t i = 0; i < size; ++i)
          REQUIRE(factors[i] == (word(row, i) < threshold ? T{0} : static_cast<T>(1 / (1 - rate))));
      }
    }
  });
}

TEST_CASE("every bit of the words that dropout draws is Philox's") {
  // A threshold equal to the word keeps, one above drops: that is so for one word only.
  in_every_set([]<typename T>(const Kernels<T>& kernels) {
    constexpr std::size_t size = 203;
    for (std::size_t i = 0; i < size; ++i) {
      const double rate = word(row, i) * 0x1p-32;
      CHECK(dropout(kernels, row, rate, size)[i] != 0);
      CHECK(dropout(kernels, row, rate + 0x1p-32, size)[i] == 0);
    }
  });
}

TEST_CASE("each of seed, stream, epoch and first block changes the draws, in all their bits") {
  in_every_set([]<typename T>(const Kernels<T>& kernels) {
    for (const DrawRow& other :
         {DrawRow{seed ^ 1, stream, epoch, 0}, DrawRow{seed ^ (std::uint64_t{1} << 63), 1, 1, 0},
          DrawRow{0, 0xffffffff, 0, 5}, DrawRow{1, 0, 0xffffffff, std::uint64_t{1} << 63},
          DrawRow{2, 3, 4, 0xffffffffffffffff}}) {
      const std::vector<T> factors = dropout(kernels, other, 0.5, 150);
      for (std::size_t i = 0; i < factors.size(); ++i)
        REQUIRE(factors[i] == (word(other, i) < 0x80000000 ? T{0} : T{2}));
    }
  });
}

TEST_CASE("a dropout rate that rounds to 1 drops all, and one that rounds to 0 none") {
  in_every_set([]<typename T>(const Kernels<T>& kernels) {
    for (const T factor : dropout(kernels, row, 1 - 0x1p-53, 100)) CHECK(factor == 0);
    for (const T factor : dropout(kernels, row, 0x1p-60, 100)) CHECK(factor == 1);
  });
}

TEST_CASE("dropout keeps its share, and the mean stays what it was") {
  in_every_set([]<typename T>(const Kernels<T>& kernels) {
    constexpr std::size_t size = 1'000'000;
    for (const double rate : {0.1, 0.5, 0.8}) {
      std::size_t dropped = 0;
      for (const T factor : dropout(kernels, row, rate, size)) dropped += factor == 0 ? 1 : 0;
      // Five standard errors.
      CHECK(std::abs(static_cast<double>(dropped) / size - rate) <
            5 * std::sqrt(rate * (1 - rate) / size));
    }
  });
}

TEST_CASE("a normal draw is the quantile of Philox's word, whatever the row's length") {
  in_every_set([]<typename T>(const Kernels<T>& kernels) {
    for (std::size_t size = 0; size < 140; ++size) {
      const std::vector<T> values = normal(kernels, row, size);
      for (std::size_t i = 0; i < size; ++i) {
        const long double want = (static_cast<long double>(word(row, i)) + 0.5L) * 0x1p-32L;
        const long double got =
            std::erfc(-static_cast<long double>(values[i]) / std::sqrt(2.0L)) / 2;
        // Eight units in the last place of a value near 1.
        REQUIRE(std::abs(got - want) <=
                8 * static_cast<long double>(std::numeric_limits<T>::epsilon()));
      }
    }
  });
}

TEST_CASE("normal draws have the moments of a standard normal distribution") {
  in_every_set([]<typename T>(const Kernels<T>& kernels) {
    constexpr std::size_t size = 1'000'003;
    double moments[5] = {};
    double largest = 0;
    for (const T value : normal(kernels, row, size)) {
      const double x = static_cast<double>(value);
      double power = 1;
      for (double& moment : moments) {
        moment += power / size;
        power *= x;
      }
      largest = std::max(largest, std::abs(x));
    }
    // Five standard errors: the variances of x, x^2, x^3 and x^4 are 1, 2, 15 and 96.
    const double error = 5 / std::sqrt(static_cast<double>(size));
    CHECK(std::abs(moments[1]) < error);
    CHECK(std::abs(moments[2] - 1) < error * std::sqrt(2));
    CHECK(std::abs(moments[3]) < error * std::sqrt(15));
    CHECK(std::abs(moments[4] - 3) < error * std::sqrt(96));
    CHECK(largest > 4.3);
    CHECK(largest < 6.4);
  });
}

TEST_CASE("all instruction sets draw the same, normal draws up to rounding") {
  constexpr std::size_t size = 1000;
  const InstructionSet& baseline = *instruction_sets().begin();
  const std::vector<double> want = normal(baseline.double_kernels(), row, size);
  in_every_set([&want]<typename T>(const Kernels<T>& kernels) {
    const std::vector<T> got = normal(kernels, row, size);
    for (std::size_t i = 0; i < size; ++i)
      CHECK(std::abs(static_cast<double>(got[i]) - want[i]) <=
            8 * static_cast<double>(std::numeric_limits<T>::epsilon()) * std::abs(want[i]));
  });
}
