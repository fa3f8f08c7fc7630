#pragma once

#include <span>
#include <vector>

#include "core/row_queue.h"
#include "core/thread_team.h"

namespace gemmnet {

/// Copies rows of several data sets into one, so that a step can take them together.
template <typename T>
class RowStage {
 public:
  /// From now on, rows are those of this block, which must outlive it and has some.
  void begin(const RowBlock& block);

  /// The rows at these positions of the block, features in the type of the network; until the next
  /// call. Allocates only where it was never given as many.
  const Rows& gather(std::span<const std::uint32_t> positions, ThreadTeam& team);

 private:
  /// Where a row of the block is.
  struct Source {
    std::uint32_t part;
    std::uint32_t place;
  };

  void gather_tile(std::span<const std::uint32_t> positions, Range tile);
  void gather_from(const Rows& from, Range to);
  void prefetch(const Source& source) const;

  const RowBlock* block_ = nullptr;  // not owned
  std::vector<Source> sources_;      // of all rows of the block
  Rows rows_;
  Matrix<T> features_;
  Matrix<double> targets_;             // exact, whatever they were; their scale is always 1
  std::vector<std::uint32_t> places_;  // of the staged rows, in their data sets
};

}  // namespace gemmnet
