#include "core/random.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <numeric>
#include <vector>

using gemmnet::Philox;
using gemmnet::Stream;

TEST_CASE("philox gives the published values") {
  // Random123 1.14, tests/kat_vectors: philox4x32 10.
  CHECK(Philox::mix({0, 0, 0, 0}, 0, 0) ==
        Philox::Block{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  CHECK(Philox::mix({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, 0xffffffff, 0xffffffff) ==
        Philox::Block{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(Philox::mix({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, 0xa4093822, 0x299f31d0) ==
        Philox::Block{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("draws depend on seed, stream, epoch and index, each") {
  const std::uint64_t draw = Philox(1, Stream::shuffle, 2).bits(3);
  CHECK(draw == Philox(1, Stream::shuffle, 2).bits(3));
  CHECK(draw != Philox(2, Stream::shuffle, 2).bits(3));
  CHECK(draw != Philox(std::uint64_t{1} << 40, Stream::shuffle, 2).bits(3));
  CHECK(draw != Philox(1, Stream::split, 2).bits(3));
  CHECK(draw != Philox(1, Stream::shuffle, 3).bits(3));
  CHECK(draw != Philox(1, Stream::shuffle, 2).bits(4));
  CHECK(draw != Philox(1, Stream::shuffle, 2).bits(3 + (std::uint64_t{1} << 32)));
}

TEST_CASE("uniform draws fill [0, 1) evenly") {
  const Philox random(7, Stream::initial_weights, 0);
  constexpr int draws = 100'000;
  double sum = 0;
  double squares = 0;
  for (int i = 0; i < draws; ++i) {
    const double value = random.uniform(static_cast<std::uint64_t>(i));
    REQUIRE(value >= 0);
    REQUIRE(value < 1);
    sum += value;
    squares += value * value;
  }
  // Five standard errors of mean and second moment.
  CHECK(sum / draws == doctest::Approx(0.5).epsilon(0.01));
  CHECK(squares / draws == doctest::Approx(1.0 / 3).epsilon(0.02));
}

TEST_CASE("below is even over its range") {
  const Philox random(3, Stream::split, 0);
  std::vector<int> counts(7, 0);
  for (std::uint64_t i = 0; i < 70'000; ++i) ++counts.at(random.below(7, i, random.word(i)));
  for (const int count : counts) CHECK(std::abs(count - 10'000) < 500);
}

TEST_CASE("below is even where a word alone has too few bits") {
  // Of 2^32 words, every third of so many values would get two and the others one.
  constexpr std::uint32_t bound = 3U << 30;
  const Philox random(3, Stream::split, 0);
  std::vector<int> counts(3, 0);
  for (std::uint64_t i = 0; i < 30'000; ++i) {
    const std::uint32_t value = random.below(bound, i, random.word(i));
    REQUIRE(value < bound);
    ++counts.at(value % 3);
  }
  for (const int count : counts) CHECK(std::abs(count - 10'000) < 500);
}

TEST_CASE("a shuffle is a permutation, another for each epoch") {
  std::vector<std::uint32_t> first(1000);
  std::iota(first.begin(), first.end(), 0U);
  std::vector<std::uint32_t> second = first;
  shuffle(first, Philox(5, Stream::shuffle, 1));
  shuffle(second, Philox(5, Stream::shuffle, 2));
  CHECK(first != second);
  CHECK_FALSE(std::is_sorted(first.begin(), first.end()));
  std::sort(first.begin(), first.end());
  for (std::uint32_t i = 0; i < 1000; ++i) CHECK(first[i] == i);
}

TEST_CASE("a shuffle swaps item i with one that draw i chooses of those before it and itself") {
  const Philox random(5, Stream::shuffle, 1);
  std::vector<std::uint32_t> shuffled(200);
  std::iota(shuffled.begin(), shuffled.end(), 0U);
  std::vector<std::uint32_t> expected = shuffled;
  shuffle(shuffled, random);
  for (std::uint32_t i = 200; i > 1; --i)
    std::swap(expected[i - 1], expected[random.below(i, i, random.word(i))]);
  CHECK(shuffled == expected);
}

TEST_CASE("blocks of an epoch are shuffled by draws of their own") {
  const Philox random(5, Stream::shuffle, 1);
  std::vector<std::uint32_t> items(100);
  std::iota(items.begin(), items.end(), 0U);
  std::vector<std::uint32_t> first = items;
  shuffle(first, random);
  std::vector<std::uint32_t> second = items;
  shuffle(second, random, std::uint64_t{1} << 32);
  CHECK(first != second);
  for (std::uint32_t i = 100; i > 1; --i) {
    const std::uint64_t index = (std::uint64_t{1} << 32) + i;
    std::swap(items[i - 1], items[random.below(i, index, random.word(index))]);
  }
  CHECK(second == items);
}
