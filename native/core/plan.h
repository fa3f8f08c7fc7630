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

/// A matrix, of what a batch makes of a layer, cut in blocks of equal sides, the last ones maybe
/// smaller. They are numbered by columns, so that a thread's share of them is a part of the
/// columns, and of the weights.
struct BlockGrid {
  std::size_t rows = 0;  // of the batch
  std::size_t columns = 0;
  std::size_t block_rows = 0;
  std::size_t block_columns = 0;
  bool joinable = false;  // neighbours give the same bits when they are computed as one

  [[nodiscard]] std::size_t row_count() const { return (rows + block_rows - 1) / block_rows; }
  [[nodiscard]] std::size_t count() const {
    return columns == 0 ? 0 : row_count() * ((columns + block_columns - 1) / block_columns);
  }

  /// Calls visit(rows, columns) for rectangles that hold the blocks of these numbers, as few as it
  /// takes.
  template <typename Visit>
  void visit_joined(Range blocks, const Visit& visit) const {
    const std::size_t per_column = row_count();
    const auto part = [](std::size_t first, std::size_t last, std::size_t side, std::size_t size) {
      return Range{first * side, last * side < size ? last * side : size};
    };
    for (std::size_t block = blocks.begin; block < blocks.end;) {
      const std::size_t column = block / per_column;
      const std::size_t row = block % per_column;
      const std::size_t left = blocks.end - block;
      const std::size_t whole_columns = row == 0 ? left / per_column : 0;
      const std::size_t taken = whole_columns > 0         ? whole_columns * per_column
                                : left < per_column - row ? left
                                                          : per_column - row;
      const std::size_t last_row = whole_columns > 0 ? per_column : row + taken;
      const std::size_t last_column = column + (whole_columns > 0 ? whole_columns : 1);
      visit(part(row, last_row, block_rows, rows),
            part(column, last_column, block_columns, columns));
      block += taken;
    }
  }
};

/// How the products of one layer are cut where they have a stage of their own; no columns where the
/// layer goes with the row tiles.
struct LayerBlocks {
  BlockGrid outputs;  // forward
  BlockGrid inputs;   // backward
};

/// How a step over `rows` rows is cut. The lists depend on shapes only, never on the number of
/// threads, and so do the bits of a result: any thread may take any tile.
struct Plan {
  std::size_t rows = 0;
  std::vector<Range> row_tiles;           // gather, forward, loss, backward
  std::vector<LayerBlocks> layer_blocks;  // per layer: instead of the row tiles, where any
  /// So many neighbouring row tiles may be computed as one, with the same bits.
  std::size_t joined_rows = 1;
  std::vector<TensorTile> tensor_tiles;  // gradient and update; the costly ones first
  std::vector<std::size_t> cost_before;  // of the tensor tiles: by number, and of all
  /// Gradients are taken in the row phase, each row tile's apart, and added up for the update:
  /// where that moves less between the threads than the batch's activations would.
  bool gradients_by_rows = false;

  [[nodiscard]] Range rows_of(Range tiles) const {
    return {row_tiles[tiles.begin].begin, row_tiles[tiles.end - 1].end};
  }
  /// Of its largest phase.
  [[nodiscard]] std::size_t tiles() const;
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
constexpr std::size_t inference_rows = 256;
/// Tiles of that many rows.
constexpr std::size_t inference_tiles(std::size_t rows) {
  return (rows + inference_rows - 1) / inference_rows;
}

/// Threads that work on `rows` rows pays for: 1 for small networks, else one per available
/// processor, but no more than there are tiles to take.
template <typename T>
std::size_t default_threads(const Network<T>& network, std::size_t rows, std::size_t tiles);

}  // namespace gemmnet
