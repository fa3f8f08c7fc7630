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
/// The same for networks whose kernels are multiplied without packing: here it is the product with
/// a transposed kernel that wants rows.
constexpr std::size_t most_unpacked_tile_rows = 50;

/// Sides of a tile of a large gradient: 256 x 512 float32 are a quarter of an L2 cache of 2 MB.
constexpr std::size_t most_tensor_tile_rows = 256;
constexpr std::size_t most_tensor_tile_columns = 512;
/// Below this a gradient's tile is not cut for the sake of more tiles.
constexpr std::size_t fewest_tensor_tile_rows = 64;

/// Multiplications of a step below which a second thread costs more than it takes over.
constexpr std::size_t work_for_threads = 1'000'000;

constexpr std::size_t inference_tile_rows = 256;

/// Cuts [0, size) into near-equal ranges of at most `largest`.
std::vector<Range> cut(std::size_t size, std::size_t largest) {
  const std::size_t count = std::max<std::size_t>(1, (size + largest - 1) / largest);
  std::vector<Range> ranges;
  ranges.reserve(count);
  for (std::size_t i = 0; i < count; ++i)
    ranges.push_back({size * i / count, size * (i + 1) / count});
  return ranges;
}

/// Multiplications of forward, backward and gradient for `rows` rows.
template <typename T>
std::size_t step_work(const Network<T>& network, std::size_t rows) {
  return 3 * rows * network.parameter_count();
}

template <typename T>
std::vector<Range> row_tiles(const Network<T>& network, std::size_t rows) {
  if (step_work(network, rows) < work_for_threads) return {{0, rows}};
  std::size_t largest = 0;
  for (const auto& place : network.tensors()) largest = std::max(largest, place.shape.size());
  const bool unpacked = largest * most_unpacked_tile_rows <= largest_unpacked_product();
  // Two tiles at least, since two threads halve the time even where packing pays less.
  return cut(rows, std::min(unpacked ? most_unpacked_tile_rows : most_tile_rows, (rows + 1) / 2));
}

/// Elements that the row phase leaves behind for the gradients: inputs and dC/dz of all layers.
template <typename T>
std::size_t batch_elements(const Network<T>& network, std::size_t rows) {
  std::size_t columns = 0;
  for (const auto& layer : network.layers()) columns += layer->inputs() + layer->outputs();
  return rows * columns;
}

template <typename T>
void cut_tensor(const Network<T>& network, std::size_t place, std::size_t rows,
                std::vector<TensorTile>& tiles) {
  const Tensor& shape = network.tensors()[place].shape;
  std::size_t tile_rows =
      std::clamp((shape.rows + 1) / 2, fewest_tensor_tile_rows, most_tensor_tile_rows);
  std::size_t tile_columns = most_tensor_tile_columns;
  const std::size_t row_work = rows * shape.columns;
  if (step_work(network, rows) < work_for_threads) {
    tile_rows = shape.rows;
    tile_columns = shape.columns;
  } else if (row_work * fewest_tensor_tile_rows <= largest_unpacked_product()) {
    tile_rows = std::min(tile_rows, largest_unpacked_product() / row_work);
  }
  for (const Range row_range : cut(shape.rows, tile_rows))
    for (const Range column_range : cut(shape.columns, tile_columns))
      tiles.push_back({place, row_range, column_range});
}

}  // namespace

template <typename T>
Plan make_plan(const Network<T>& network, std::size_t rows) {
  Plan plan;
  plan.rows = rows;
  plan.row_tiles = row_tiles(network, rows);
  plan.gradients_by_rows =
      plan.row_tiles.size() > 1 && !network.couples_rows() &&
      plan.row_tiles.size() * network.parameter_count() < batch_elements(network, rows);
  for (std::size_t place = 0; place < network.tensors().size(); ++place)
    if (network.learns(network.tensors()[place]))
      cut_tensor(network, place, rows, plan.tensor_tiles);
  std::stable_sort(plan.tensor_tiles.begin(), plan.tensor_tiles.end(),
                   [](const TensorTile& a, const TensorTile& b) { return a.size() > b.size(); });
  return plan;
}
template Plan make_plan(const Network<float>&, std::size_t);
template Plan make_plan(const Network<double>&, std::size_t);

template <typename T>
std::size_t inference_rows(const Network<T>& /*network*/) {
  return inference_tile_rows;
}
template std::size_t inference_rows(const Network<float>&);
template std::size_t inference_rows(const Network<double>&);

template <typename T>
std::size_t default_threads(const Network<T>& network, std::size_t rows, std::size_t tiles) {
  if (step_work(network, rows) < work_for_threads) return 1;
  return std::clamp<std::size_t>(tiles, 1, available_processors());
}
template std::size_t default_threads(const Network<float>&, std::size_t, std::size_t);
template std::size_t default_threads(const Network<double>&, std::size_t, std::size_t);

}  // namespace gemmnet
