#include "core/row_stage.h"

#include <algorithm>

namespace gemmnet {

namespace {

/// What is copied at a time by one thread: less is not worth a second one.
constexpr std::size_t tile_bytes = std::size_t{1} << 15;

/// Rows that are fetched into the cache before they are copied: they may lie anywhere.
constexpr std::size_t fetched_ahead = 4;

/// The first rows of a matrix that has room for them.
template <typename T>
StoredMatrix first_rows(Matrix<T>& matrix, std::size_t rows, std::size_t columns) {
  if (columns == 0) return {};
  const MatrixView<T> there = matrix.view();
  if (there.rows < rows || there.columns != columns) matrix = Matrix<T>(rows, columns);
  return {element_type<T>, matrix.view().data, rows, columns, 1};
}

}  // namespace

template <typename T>
void RowStage<T>::begin(const RowBlock& block) {
  block_ = &block;
  sources_.clear();
  for (std::uint32_t part = 0; part < block.parts().size(); ++part) {
    const auto& [data, rows, first] = block.parts()[part];
    for (std::size_t i = rows.begin; i < rows.end; ++i) sources_.push_back({part, data.place(i)});
  }
  rows_.classes = 0;
  for (const RowStretch& part : block.parts())
    rows_.classes = std::max(rows_.classes, part.data.rows().classes);
}

template <typename T>
const Rows& RowStage<T>::gather(std::span<const std::uint32_t> positions, ThreadTeam& team) {
  const std::size_t count = positions.size();
  const Rows& like = block_->parts().front().data.rows();
  rows_.features = first_rows(features_, count, like.features.columns);
  rows_.targets = first_rows(targets_, count, like.targets.columns);
  rows_.labels.resize(like.labels.empty() ? 0 : count);
  rows_.weights.resize(like.weights.empty() ? 0 : count);
  places_.resize(count);
  const std::size_t row_bytes = std::max<std::size_t>(1, like.features.columns) * sizeof(T);
  const std::size_t tile_rows = std::max<std::size_t>(1, tile_bytes / row_bytes);
  team.run((count + tile_rows - 1) / tile_rows, [&](std::size_t index, std::size_t /*thread*/) {
    const std::size_t begin = index * tile_rows;
    gather_tile(positions, {begin, std::min(begin + tile_rows, count)});
  });
  return rows_;
}

/// Neighbours of one part are copied at once.
template <typename T>
void RowStage<T>::gather_tile(std::span<const std::uint32_t> positions, Range tile) {
  for (std::size_t begin = tile.begin; begin < tile.end;) {
    const std::uint32_t part = sources_[positions[begin]].part;
    std::size_t end = begin;
    for (; end < tile.end && sources_[positions[end]].part == part; ++end) {
      if (end + fetched_ahead < tile.end) prefetch(sources_[positions[end + fetched_ahead]]);
      places_[end] = sources_[positions[end]].place;
    }
    gather_from(block_->parts()[part].data.rows(), {begin, end});
    begin = end;
  }
}

template <typename T>
void RowStage<T>::gather_from(const Rows& from, Range to) {
  const std::span<const std::uint32_t> places(places_.data() + to.begin, to.size());
  from.features.gather<T>(places, features_.view().row_block(to));
  if (from.targets.columns != 0) from.targets.gather<double>(places, targets_.view().row_block(to));
  for (std::size_t i = to.begin; i < to.end; ++i) {
    if (!from.labels.empty()) rows_.labels[i] = from.labels[places_[i]];
    if (!from.weights.empty()) rows_.weights[i] = from.weights[places_[i]];
  }
}

template <typename T>
void RowStage<T>::prefetch(const Source& source) const {
  const Rows& from = block_->parts()[source.part].data.rows();
  from.features.prefetch(source.place);
  if (!from.labels.empty()) __builtin_prefetch(&from.labels[source.place]);
}

template class RowStage<float>;
template class RowStage<double>;

}  // namespace gemmnet
