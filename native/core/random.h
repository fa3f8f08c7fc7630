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
  library = 6,  // for lib/, which says what for with the epoch
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

  /// Word `index` of all blocks' words.
  [[nodiscard]] std::uint32_t word(std::uint64_t index) const {
    return block(index / 4)[index % 4];
  }

  /// Words 64 `number` to 64 `number` + 63, at once: some times faster than one by one.
  static constexpr std::size_t group = 64;
  void words(std::uint64_t number, std::uint32_t (&into)[group]) const;

  /// Uniform in {0, ..., bound - 1}; a value is favoured by less than bound / 2^64. `word` is this
  /// generator's word `index`, which is less than 2^63.
  [[nodiscard]] std::uint32_t below(std::uint32_t bound, std::uint64_t index,
                                    std::uint32_t word) const {
    std::uint64_t product = std::uint64_t{word} * bound;
    // 32 bits more are drawn for the few words that they can make a difference to.
    if (low(product) > ~bound) product += high(std::uint64_t{this->word(~index)} * bound);
    return high(product);
  }

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
