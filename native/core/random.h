#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace gemmnet {

/// What a draw is for. A draw is a function of (seed, stream, epoch, index) and nothing else, so a
/// result depends neither on which thread drew nor on what was drawn before. Values are stored in
/// no file, but changing one changes every seeded result.
enum class Stream : std::uint32_t {
  initial_weights = 1,
  shuffle = 2,
  split = 3,
  dropout = 4,
  noise = 5,
};

/// Philox 4x32-10, a counter-based generator: J. Salmon et al., "Parallel random numbers: as easy
/// as 1, 2, 3", SC 2011. One call gives 128 random bits.
class Philox {
 public:
  using Block = std::array<std::uint32_t, 4>;

  /// `epoch` is whatever tells apart uses of one stream: an epoch, a tensor.
  Philox(std::uint64_t seed, Stream stream, std::uint32_t epoch)
      : seed_(seed), stream_(static_cast<std::uint32_t>(stream)), epoch_(epoch) {}

  [[nodiscard]] Block block(std::uint64_t index) const {
    return mix({low(index), high(index), epoch_, stream_}, low(seed_), high(seed_));
  }

  [[nodiscard]] std::uint64_t bits(std::uint64_t index) const {
    const Block words = block(index);
    return (std::uint64_t{words[1]} << 32) | words[0];
  }

  /// Uniform in [0, 1), 53 bits.
  [[nodiscard]] double uniform(std::uint64_t index) const {
    return static_cast<double>(bits(index) >> 11) * 0x1p-53;
  }

  /// Uniform in {0, ..., bound - 1}; a value is favoured by less than bound / 2^64.
  [[nodiscard]] static std::uint32_t below(std::uint32_t bound, const Block& block) {
    const std::uint64_t carry = (block[0] * std::uint64_t{bound}) >> 32;
    return high(block[1] * std::uint64_t{bound} + carry);
  }
  [[nodiscard]] std::uint32_t below(std::uint32_t bound, std::uint64_t index) const {
    return below(bound, block(index));
  }

  /// Blocks `first` to `first` + 15, at once: some times faster than one by one.
  static constexpr std::size_t group = 16;
  void blocks(std::uint64_t first, Block (&into)[group]) const;

  /// The bare function, for the published test vectors.
  static Block mix(Block counter, std::uint32_t key0, std::uint32_t key1) {
    for (int round = 0; round < 10; ++round) {
      const std::uint64_t product0 = std::uint64_t{0xD2511F53} * counter[0];
      const std::uint64_t product1 = std::uint64_t{0xCD9E8D57} * counter[2];
      counter = {high(product1) ^ counter[1] ^ key0, low(product1),
                 high(product0) ^ counter[3] ^ key1, low(product0)};
      key0 += 0x9E3779B9;
      key1 += 0xBB67AE85;
    }
    return counter;
  }

 private:
  static std::uint32_t low(std::uint64_t value) { return static_cast<std::uint32_t>(value); }
  static std::uint32_t high(std::uint64_t value) { return static_cast<std::uint32_t>(value >> 32); }

  std::uint64_t seed_;
  std::uint32_t stream_;
  std::uint32_t epoch_;
};

/// Shuffles `items` in place (Fisher-Yates from the end), draw `first` + i deciding item i; `first`
/// is a multiple of Philox::group.
void shuffle(std::span<std::uint32_t> items, const Philox& random, std::uint64_t first = 0);

}  // namespace gemmnet
