#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "core/layer.h"

// Layers of networks for tests.

namespace gemmnet {

inline LayerSettings layer(const char* kind, std::vector<double> options) {
  LayerSettings made;
  made.kind = kind;
  made.options = std::move(options);
  return made;
}

inline LayerSettings dense(std::size_t units, const char* activation,
                           std::vector<double> options = {}) {
  LayerSettings made = layer("dense", {});
  made.units = units;
  made.activation = {activation, std::move(options)};
  made.kernel_initializer = {"glorotUniform", {}};
  made.bias_initializer = {"zeros", {}};
  return made;
}

inline LayerSettings embedding(std::vector<EmbeddedColumn> columns) {
  LayerSettings made = layer("embedding", {});
  made.kernel_initializer = {"uniform", {-0.5, 0.5}};
  made.columns = std::move(columns);
  return made;
}

inline LayerSettings batch_norm() { return layer("batchNorm", {0.99, 1e-3, 0}); }

}  // namespace gemmnet
