#include "core/plan.h"

#include <algorithm>

#include "core/gemm.h"
#include "core/processors.h"

namespace gemmnet {

namespace {

// Measured with OpenBLAS 0.3.21, float32, on two cores of an AVX-512 machine, and again with its
// kernels for AVX2.

/// Rows of the batch that a tile of the row phase takes at most. Each tile packs the kernels anew,
/// which costs 13 % at 128 rows and 6 % at 256.
constexpr std::size_t most_tile_rows = 256;
/// Where tiles can be joined but have gradients of their own, there are this many, and more only if
/// those would be larger.
constexpr std::size_t row_tiles_wanted = 8;
/// The same where so few rows are multiplied without packing; and how many rows that must be for it
/// to be worth cutting tiles so small.
constexpr std::size_t most_unpacked_tile_rows = 50;
constexpr std::size_t fewest_unpacked_tile_rows = 8;

/// A layer has a stage of its own from this many multiplications on, if it has more weights than it
/// moves values in and out: by rows of the batch, all threads would fetch all of the weights.
constexpr std::size_t fewest_block_work = 400'000'000;
/// Sides of a block where blocks cannot be joined: packing costs 4 % against 512 x 128.
constexpr PartSize packed_block = {256, 128};

/// Sides of a tile of a large gradient: 256 x 512 float32 are a quarter of an L2 cache of 2 MB.
constexpr std::size_t most_tensor_tile_rows = 256;
constexpr std::size_t most_tensor_tile_columns = 512;
/// Tiles of a gradient at least, so that threads end together, as long as they are not too small.
constexpr std::size_t fewest_tensor_tiles = 8;
/// Below this a gradient's tile is not cut for the sake of more tiles.
constexpr std::size_t fewest_tensor_tile_rows = 64;

/// Values of a table that is gathered from: every tile looks at all rows of the batch for its own,
/// so it has to have more to clear and to update.
constexpr std::size_t fewest_table_tile = 16'384;
constexpr std::size_t most_table_tile = most_tensor_tile_rows * most_tensor_tile_columns;

/// Multiplications of a step below which a second thread costs more than it takes over.
constexpr std::size_t work_for_threads = 3'000'000;
/// Multiplications in the time that the update of one value takes, of a table that is in no cache.
constexpr std::size_t update_work = 32;

/// Cuts [0, size) into near-equal ranges of at most `largest`.
std::vector<Range> cut(std::size_t size, std::size_t largest) {
  const std::size_t count = std::max<std::size_t>(1, (size + largest - 1) / largest);
  std::vector<Range> ranges;
  ranges.reserve(count);
  for (std::size_t i = 0; i < count; ++i)
    ranges.push_back({size * i / count, size * (i + 1) / count});
  return ranges;
}

/// Multiplications of forward, backward and gradient for `rows` rows. Of a table that is gathered
/// from, the update is what takes time.
template <typename T>
std::size_t step_work(const Network<T>& network, std::size_t rows) {
  std::size_t gathered = 0;
  for (const auto& place : network.tensors())
    if (place.shape.gathered) gathered += place.shape.size();
  return 3 * rows * (network.parameter_count() - gathered) + update_work * gathered;
}

/// Cuts [0, size) into ranges of `side`, the last one less, or up to half as much more.
std::vector<Range> cut_evenly(std::size_t size, std::size_t side) {
  std::vector<Range> ranges;
  for (std::size_t begin = 0; begin < size; begin += side) ranges.push_back({begin, begin + side});
  if (ranges.size() > 1 && size - ranges.back().begin < side / 2) ranges.pop_back();
  ranges.back().end = size;
  return ranges;
}

/// Elements that the row phase leaves behind for the gradients: inputs and dC/dz of all layers.
template <typename T>
std::size_t batch_elements(const Network<T>& network, std::size_t rows) {
  std::size_t columns = 0;
  for (const auto& layer : network.layers()) columns += layer->inputs() + layer->outputs();
  return rows * columns;
}

template <typename T>
bool takes_gradients_by_rows(const Network<T>& network, std::size_t rows, const Plan& plan) {
  const bool in_one_stage = !network.couples_rows() &&
                            std::ranges::all_of(plan.layer_blocks, [](const LayerBlocks& blocks) {
                              return blocks.outputs.count() == 0;
                            });
  return plan.row_tiles.size() > 1 && in_one_stage &&
         plan.row_tiles.size() * network.parameter_count() < batch_elements(network, rows);
}

/// Needs to know the layers' blocks.
template <typename T>
void cut_rows(const Network<T>& network, std::size_t rows, Plan& plan) {
  plan.row_tiles = {{0, rows}};
  if (step_work(network, rows) < work_for_threads) return;
  const PartSize part = joinable_parts<T>();
  if (part.rows != 0 && rows >= 2 * part.rows) {
    const std::size_t parts = rows / row_tiles_wanted / part.rows;
    plan.row_tiles =
        cut_evenly(rows, std::clamp<std::size_t>(parts, 1, most_tile_rows / part.rows) * part.rows);
    plan.gradients_by_rows = takes_gradients_by_rows(network, rows, plan);
    // Else a tile costs next to nothing, being joined with others where threads are few.
    if (!plan.gradients_by_rows) plan.row_tiles = cut_evenly(rows, part.rows);
    plan.joined_rows = most_tile_rows / plan.row_tiles[0].size();
    return;
  }
  std::size_t largest = 1;
  for (const auto& place : network.tensors())
    if (!place.shape.gathered) largest = std::max(largest, place.shape.size());
  const std::size_t unpacked = largest_unpacked_product() / largest;
  const std::size_t most = unpacked < fewest_unpacked_tile_rows
                               ? most_tile_rows
                               : std::min(unpacked, most_unpacked_tile_rows);
  // Two tiles at least, since two threads halve the time even where packing pays less.
  plan.row_tiles = cut(rows, std::min(most, (rows + 1) / 2));
  plan.gradients_by_rows = takes_gradients_by_rows(network, rows, plan);
}

template <typename T>
std::vector<LayerBlocks> layer_blocks(const Network<T>& network, std::size_t rows) {
  const PartSize part = joinable_parts<T>();
  const PartSize side = part.rows != 0 ? part : packed_block;
  std::vector<LayerBlocks> blocks(network.layers().size());
  for (std::size_t l = 0; l < blocks.size(); ++l) {
    const Layer<T>& layer = *network.layers()[l];
    const std::size_t weights = layer.inputs() * layer.outputs();
    const bool heavy = 2 * weights > rows * (layer.inputs() + layer.outputs());
    if (!layer.cuts_columns() || !heavy || rows * weights < fewest_block_work) continue;
    blocks[l] = {{rows, layer.outputs(), side.rows, side.columns, part.rows != 0},
                 {rows, layer.inputs(), side.rows, side.columns, part.rows != 0}};
  }
  return blocks;
}

template <typename T>
void cut_tensor(const Network<T>& network, std::size_t place, std::size_t rows,
                std::vector<TensorTile>& tiles) {
  const Tensor& shape = network.tensors()[place].shape;
  std::size_t tile_rows = std::clamp((shape.rows + fewest_tensor_tiles - 1) / fewest_tensor_tiles,
                                     fewest_tensor_tile_rows, most_tensor_tile_rows);
  std::size_t tile_columns = most_tensor_tile_columns;
  const std::size_t row_work = rows * std::min(tile_columns, shape.columns);
  if (step_work(network, rows) < work_for_threads) {
    tile_rows = shape.rows;
    tile_columns = shape.columns;
  } else if (shape.gathered) {
    const std::size_t columns = std::min(tile_columns, shape.columns);
    tile_rows = std::clamp((shape.rows + fewest_tensor_tiles - 1) / fewest_tensor_tiles,
                           (fewest_table_tile + columns - 1) / columns, most_table_tile / columns);
  } else if (row_work * fewest_tensor_tile_rows <= largest_unpacked_product()) {
    tile_rows = std::min(tile_rows, largest_unpacked_product() / row_work);
  }
  for (const Range column_range : cut(shape.columns, tile_columns))
    for (const Range row_range : cut(shape.rows, tile_rows))
      tiles.push_back({place, row_range, column_range});
}

}  // namespace

std::size_t Plan::tiles() const {
  std::size_t most = std::max(row_tiles.size(), tensor_tiles.size());
  for (const LayerBlocks& blocks : layer_blocks)
    most = std::max({most, blocks.outputs.count(), blocks.inputs.count()});
  return most;
}

template <typename T>
Plan make_plan(const Network<T>& network, std::size_t rows) {
  Plan plan;
  plan.rows = rows;
  plan.layer_blocks = layer_blocks(network, rows);
  cut_rows(network, rows, plan);
  for (std::size_t place = 0; place < network.tensors().size(); ++place)
    if (network.learns(network.tensors()[place]))
      cut_tensor(network, place, rows, plan.tensor_tiles);
  std::stable_sort(plan.tensor_tiles.begin(), plan.tensor_tiles.end(),
                   [](const TensorTile& a, const TensorTile& b) { return a.size() > b.size(); });
  plan.cost_before.assign(1, 0);
  for (const TensorTile& tile : plan.tensor_tiles)
    plan.cost_before.push_back(plan.cost_before.back() + tile.size());
  return plan;
}
template Plan make_plan(const Network<float>&, std::size_t);
template Plan make_plan(const Network<double>&, std::size_t);

template <typename T>
std::size_t default_threads(const Network<T>& network, std::size_t rows, std::size_t tiles) {
  if (step_work(network, rows) < work_for_threads) return 1;
  return std::clamp<std::size_t>(tiles, 1, available_processors());
}
template std::size_t default_threads(const Network<float>&, std::size_t, std::size_t);
template std::size_t default_threads(const Network<double>&, std::size_t, std::size_t);

}  // namespace gemmnet
