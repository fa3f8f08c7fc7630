#include "core/plan.h"

#include <doctest/doctest.h>

#include <algorithm>

using namespace gemmnet;

namespace {

Network<float> make_network(const std::vector<std::size_t>& widths) {
  std::vector<LayerSettings> layers;
  for (std::size_t i = 1; i < widths.size(); ++i)
    layers.push_back({"dense", {}, widths[i], {"relu", {}}, true, {"zeros", {}}, {"zeros", {}}});
  return Network<float>(widths[0], layers, 0);
}

}  // namespace

TEST_CASE("the tiles of a plan cover every row and every parameter once") {
  for (const auto& widths : std::vector<std::vector<std::size_t>>{
           {4, 16, 16, 3}, {64, 100, 50, 10}, {784, 128, 10}, {1, 1}, {33, 700, 1100, 2}}) {
    const Network<float> network = make_network(widths);
    for (const std::size_t rows : {1, 2, 7, 32, 100, 511, 1024}) {
      const Plan plan = make_plan(network, rows);
      std::vector<int> row_counts(rows, 0);
      for (const Range tile : plan.row_tiles)
        for (std::size_t r = tile.begin; r < tile.end; ++r) ++row_counts.at(r);
      for (const int count : row_counts) REQUIRE(count == 1);

      std::vector<int> counts(network.block_size(), 0);
      for (const TensorTile& tile : plan.tensor_tiles) {
        const Tensor& shape = network.tensors()[tile.place].shape;
        for (std::size_t r = tile.rows.begin; r < tile.rows.end; ++r)
          for (std::size_t c = tile.columns.begin; c < tile.columns.end; ++c)
            ++counts.at(shape.offset + r * shape.columns + c);
      }
      std::size_t covered = 0;
      for (const int count : counts) {
        REQUIRE(count <= 1);
        covered += static_cast<std::size_t>(count);
      }
      REQUIRE(covered == network.parameter_count());
    }
  }
}

TEST_CASE("the blocks of a layer cover its outputs and inputs once, however they are joined") {
  const Network<float> network = make_network({784, 2048, 2050, 10});
  for (const std::size_t rows : {512, 700}) {
    const Plan plan = make_plan(network, rows);
    REQUIRE(plan.layer_blocks[1].outputs.count() >= 16);  // a thread for each, where there are many
    CHECK(plan.layer_blocks[2].outputs.count() == 0);     // ten outputs go with the rows
    for (const BlockGrid& grid : {plan.layer_blocks[1].outputs, plan.layer_blocks[1].inputs}) {
      for (const std::size_t stretch : std::vector<std::size_t>{1, 3, 8, 21, grid.count()}) {
        std::vector<int> counts(grid.rows * grid.columns, 0);
        for (std::size_t begin = 0; begin < grid.count(); begin += stretch)
          grid.visit_joined({begin, std::min(begin + stretch, grid.count())},
                            [&](Range block_rows, Range columns) {
                              for (std::size_t r = block_rows.begin; r < block_rows.end; ++r)
                                for (std::size_t c = columns.begin; c < columns.end; ++c)
                                  ++counts.at(r * grid.columns + c);
                            });
        REQUIRE(std::ranges::all_of(counts, [](int count) { return count == 1; }));
      }
    }
  }
}

TEST_CASE("tensors begin on cache lines") {
  const Network<float> network = make_network({5, 7, 3});
  for (const auto& place : network.tensors()) CHECK(place.shape.offset % 16 == 0);
  CHECK(network.parameter_count() == 5 * 7 + 7 + 7 * 3 + 3);
}
