#pragma once

#include <span>
#include <vector>

#include "core/network.h"

namespace gemmnet {

/// Buffers for the way of `rows` rows through a network, forward and back.
template <typename T>
class PassBuffers {
 public:
  PassBuffers() = default;
  PassBuffers(const Network<T>& network, std::size_t rows);

  /// The layers' passes, for weights at `parameters` and draws at `draws`.
  std::span<const LayerPass<T>> link(const T* parameters, const BatchDraws* draws);
  [[nodiscard]] MatrixView<T> input() { return input_.view(); }
  [[nodiscard]] MatrixView<T> output() { return outputs_.back().view(); }
  [[nodiscard]] MatrixView<T> output_gradient() { return gradients_.back().view(); }

 private:
  Matrix<T> input_;
  std::vector<Matrix<T>> outputs_;            // one per layer
  std::vector<Matrix<T>> kept_;               // one per layer, empty where nothing is kept
  std::vector<Matrix<T>> gradients_;          // one per layer
  std::vector<AlignedBuffer<T>> statistics_;  // one per layer, empty where no rows are coupled
  std::vector<bool> coupled_;
  std::vector<LayerPass<T>> passes_;
};

}  // namespace gemmnet
