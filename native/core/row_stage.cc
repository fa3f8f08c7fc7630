#include "core/row_stage.h"

#include <algorithm>

namespace gemmnet {

namespace {

/// The first rows of a matrix that has room for them.
template <typename T>
StoredMatrix first_rows(Matrix<T>& matrix, std::size_t rows, std::size_t columns) {
  if (columns == 0) return {};
  const MatrixView<T> there = matrix.view();
  if (there.rows < rows || there.columns != columns) matrix = Matrix<T>(rows, columns);
  constexpr ElementType type =
      std::is_same_v<T, float> ? ElementType::float32 : ElementType::float64;
  return {type, matrix.view().data, rows, columns, 1};
}

}  // namespace

template <typename T>
const Rows& RowStage<T>::gather(const RowBlock& block, std::span<const std::uint32_t> positions) {
  const std::size_t count = positions.size();
  const Rows& like = block.parts().front().data.rows();
  rows_.features = first_rows(features_, count, like.features.columns);
  rows_.targets = first_rows(targets_, count, like.targets.columns);
  rows_.labels.resize(like.labels.empty() ? 0 : count);
  rows_.weights.resize(like.weights.empty() ? 0 : count);
  rows_.classes = 0;
  places_.resize(count);
  // Neighbours are mostly of one part, and then copied at once.
  for (std::size_t begin = 0; begin < count;) {
    const RowStretch& part = block.row(positions[begin]).part;
    std::size_t end = begin;
    while (end < count) {
      const RowBlock::Row row = block.row(positions[end]);
      if (&row.part != &part) break;
      places_[end++] = row.place();
    }
    gather_from(part, {begin, end});
    begin = end;
  }
  return rows_;
}

template <typename T>
void RowStage<T>::gather_from(const RowStretch& part, Range to) {
  const Rows& from = part.data.rows();
  const std::span<const std::uint32_t> places(places_.data() + to.begin, to.size());
  from.features.gather<T>(places, features_.view().row_block(to));
  if (from.targets.columns != 0) from.targets.gather<double>(places, targets_.view().row_block(to));
  for (std::size_t i = to.begin; i < to.end; ++i) {
    if (!from.labels.empty()) rows_.labels[i] = from.labels[places_[i]];
    if (!from.weights.empty()) rows_.weights[i] = from.weights[places_[i]];
  }
  rows_.classes = std::max(rows_.classes, from.classes);
}

template class RowStage<float>;
template class RowStage<double>;

}  // namespace gemmnet
