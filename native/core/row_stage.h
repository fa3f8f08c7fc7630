#pragma once

#include <span>
#include <vector>

#include "core/row_queue.h"

namespace gemmnet {

/// Copies rows of several data sets into one, so that a step can take them together.
template <typename T>
class RowStage {
 public:
  /// The rows at these positions of the block, features in the type of the network; until the next
  /// call. Allocates only where it was never given as many.
  const Rows& gather(const RowBlock& block, std::span<const std::uint32_t> positions);

 private:
  void gather_from(const RowStretch& part, Range to);

  Rows rows_;
  Matrix<T> features_;
  Matrix<double> targets_;             // exact, whatever they were; their scale is always 1
  std::vector<std::uint32_t> places_;  // of the rows, in their data sets
};

}  // namespace gemmnet
