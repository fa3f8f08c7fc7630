#pragma once

#include <span>

#include "core/instruction_sets.h"
#include "core/random.h"

namespace gemmnet {

/// The weights of one tensor before training.
struct Initializer {
  const char* name;
  OptionNames options;
  /// Fills a tensor of a layer from `inputs` units to `outputs`: its kernel, row by row, or its
  /// biases, of which there are `outputs`; the fans are the layer's for both. Draw i depends on
  /// `random` and i only. The same for float32 networks, rounded.
  void (*fill)(const double* options, const Philox& random, std::size_t inputs, std::size_t outputs,
               std::span<double> values);
};

Table<Initializer> initializers();

/// The z that a standard normal number is below with probability p, to about 1e-16 of itself; -inf
/// and inf at 0 and 1.
double normal_quantile(double p);

}  // namespace gemmnet
