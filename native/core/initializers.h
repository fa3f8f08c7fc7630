#pragma once

#include <string_view>

#include "core/instruction_sets.h"
#include "core/random.h"

namespace gemmnet {

/// The weight from `inputs` units to `outputs` units before training.
struct Initializer {
  const char* name;
  /// The value of draw `index`; the same for float32 networks, rounded.
  double (*draw)(const Philox& random, std::uint64_t index, std::size_t inputs,
                 std::size_t outputs);
};

Table<Initializer> initializers();

}  // namespace gemmnet
