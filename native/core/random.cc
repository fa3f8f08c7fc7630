#include "core/random.h"

#include "core/instruction_sets.h"

namespace gemmnet {

void Philox::words(std::uint64_t number, std::uint32_t (&into)[group]) const {
  // Random words are no numbers yet: the table for any of them will do.
  kernels<float>().elementwise.draw_words({seed_, stream_, epoch_, number * group / 4}, into);
}

void shuffle(std::span<std::uint32_t> items, const Philox& random, std::uint64_t first) {
  std::uint32_t words[Philox::group];
  std::uint64_t group = ~std::uint64_t{0};  // whose words are there
  for (std::uint64_t i = items.size(); i > 1; --i) {
    const std::uint64_t index = first + i;
    if (index / Philox::group != group) {
      group = index / Philox::group;
      random.words(group, words);
    }
    const auto bound = static_cast<std::uint32_t>(i);
    std::swap(items[i - 1], items[random.below(bound, index, words[index % Philox::group])]);
  }
}

}  // namespace gemmnet
