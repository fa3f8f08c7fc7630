#include "core/random.h"

#include "core/instruction_sets.h"

namespace gemmnet {

void Philox::blocks(std::uint64_t first, Block (&into)[group]) const {
  // Random words are no numbers yet: the table for any of them will do.
  kernels<float>().elementwise.draw_words({seed_, stream_, epoch_, first}, into[0].data());
}

void shuffle(std::span<std::uint32_t> items, const Philox& random, std::uint64_t first) {
  Philox::Block blocks[Philox::group];
  std::uint64_t group = ~std::uint64_t{0};  // whose blocks are there
  for (std::uint64_t i = items.size(); i > 1; --i) {
    if (i / Philox::group != group) {
      group = i / Philox::group;
      random.blocks(first + group * Philox::group, blocks);
    }
    const std::uint32_t j = Philox::below(static_cast<std::uint32_t>(i), blocks[i % Philox::group]);
    std::swap(items[i - 1], items[j]);
  }
}

}  // namespace gemmnet
