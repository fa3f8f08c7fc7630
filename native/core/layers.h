#pragma once

#include "core/instruction_sets.h"
#include "core/layer.h"

namespace gemmnet {

/// A kind of layer.
template <typename T>
struct LayerKind {
  const char* name;
  OptionNames options;
  bool random;  // draws in training
  bool first;   // reads the network's inputs, and stands nowhere else
  /// `number` is the layer's in the network, `offset` where its tensors may begin in the parameter
  /// block. Throws std::invalid_argument for a name that no table has.
  std::unique_ptr<Layer<T>> (*make)(const LayerSettings& settings, std::size_t number,
                                    std::size_t inputs, std::size_t offset);
};

template <typename T>
Table<LayerKind<T>> layers();

}  // namespace gemmnet
