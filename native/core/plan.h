#pragma once

#include <vector>

#include "core/network.h"

namespace gemmnet {

/// Part of one tensor's gradient and update.
struct TensorTile {
  std::size_t place;  // in Network::tensors()
  Range rows;
  Range columns;

  [[nodiscard]] std::size_t size() const { return rows.size() * columns.size(); }
};

/// How a step over `rows` rows is cut. The lists depend on shapes only, never on the number of
/// threads, and so do the bits of a result: any thread may take any tile.
struct Plan {
  std::size_t rows = 0;
  std::vector<Range> row_tiles;          // gather, forward, loss, backward
  std::vector<TensorTile> tensor_tiles;  // gradient and update; the costly ones first
  /// Gradients are taken in the row phase, each row tile's apart, and added up for the update:
  /// where that moves less between the threads than the batch's activations would.
  bool gradients_by_rows = false;

  /// Of its larger phase.
  [[nodiscard]] std::size_t tiles() const {
    return row_tiles.size() < tensor_tiles.size() ? tensor_tiles.size() : row_tiles.size();
  }
};

template <typename T>
Plan make_plan(const Network<T>& network, std::size_t rows);

/// Rows of a batch that are in memory at once; a larger batch adds up the gradients of several.
constexpr std::size_t maximum_step_rows = 4096;

/// Rows in which a batch of `rows` is taken: all of them where a layer couples them.
template <typename T>
std::size_t piece_rows(const Network<T>& network, std::size_t rows) {
  return network.couples_rows() || rows < maximum_step_rows ? rows : maximum_step_rows;
}

/// Rows that prediction and evaluation take through the network at once.
template <typename T>
std::size_t inference_rows(const Network<T>& network);

/// Threads that work on `rows` rows pays for: 1 for small networks, else one per available
/// processor, but no more than there are tiles to take.
template <typename T>
std::size_t default_threads(const Network<T>& network, std::size_t rows, std::size_t tiles);

}  // namespace gemmnet
