#include "core/plan.h"

#include <algorithm>

#include "core/thread_team.h"

namespace gemmnet {

namespace {

// Measured with OpenBLAS 0.3.21, float32, on two cores of an AVX-512 and of an AVX2 machine.

/// A product smaller than this many multiplications is cheap per operation at any shape (OpenBLAS
/// has kernels without packing for it); a larger one packs its operands, which pays only if each
/// packed element is used often.
constexpr std::size_t small_product = 1'000'000;

/// Rows that make packing a large kernel pay in the row phase.
constexpr std::size_t rows_for_large_kernels = 128;
constexpr std::size_t large_kernel = 128 * 1024;  // elements
constexpr std::size_t rows_for_small_kernels = 24;

/// Side of a tile of a large gradient: 256 x 512 float32 fill a quarter to a half of an L2 cache.
constexpr std::size_t tensor_tile_rows = 256;
constexpr std::size_t tensor_tile_columns = 512;

/// Multiplications of a step below which a second thread costs more than it takes over.
constexpr std::size_t work_for_threads = 250'000;

constexpr std::size_t inference_tile_rows = 256;

/// Cuts [0, size) into near-equal ranges of about `piece`, never fewer than one.
std::vector<Range> cut(std::size_t size, std::size_t piece) {
  const std::size_t count = std::max<std::size_t>(1, (size + piece / 2) / piece);
  std::vector<Range> ranges;
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
  const std::size_t wanted =
      largest < large_kernel ? rows_for_small_kernels : rows_for_large_kernels;
  // Two tiles at least, since two threads halve the time even where packing pays less.
  return cut(rows, std::max<std::size_t>(1, std::min(wanted, (rows + 1) / 2)));
}

}  // namespace

template <typename T>
Plan make_plan(const Network<T>& network, std::size_t rows) {
  Plan plan;
  plan.rows = rows;
  plan.row_tiles = row_tiles(network, rows);
  const bool whole = step_work(network, rows) < work_for_threads;
  for (std::size_t place = 0; place < network.tensors().size(); ++place) {
    const Tensor& shape = network.tensors()[place].shape;
    std::size_t piece_rows = tensor_tile_rows;
    std::size_t piece_columns = tensor_tile_columns;
    const std::size_t row_work = rows * shape.columns;
    if (row_work * 32 <= small_product) {
      piece_rows = small_product / row_work;
      piece_columns = shape.columns;
    }
    if (whole) {
      piece_rows = shape.rows;
      piece_columns = shape.columns;
    }
    for (const Range tile_rows : cut(shape.rows, piece_rows))
      for (const Range tile_columns : cut(shape.columns, piece_columns))
        plan.tensor_tiles.push_back({place, tile_rows, tile_columns});
  }
  std::stable_sort(
      plan.tensor_tiles.begin(), plan.tensor_tiles.end(),
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
std::size_t default_threads(const Network<T>& network, std::size_t rows) {
  return step_work(network, rows) < work_for_threads ? 1 : available_processors();
}
template std::size_t default_threads(const Network<float>&, std::size_t);
template std::size_t default_threads(const Network<double>&, std::size_t);

}  // namespace gemmnet
