#include "core/batch_pass.h"

#include <algorithm>
#include <cmath>

#include "core/work_clock.h"

namespace gemmnet {

namespace {

/// What a tile's scores begin with; the metrics' sums follow.
enum : std::size_t { tile_loss, tile_activity, tile_metrics };

}  // namespace

template <typename T>
BatchPass<T>::BatchPass(const Network<T>& network, const Objective<T>& objective,
                        CustomLoss<T>* custom_loss, const T* parameters, std::size_t rows)
    : network_(network),
      objective_(objective),
      custom_loss_(custom_loss),
      first_trained_(network.layers().size()),
      buffers_(network, rows),
      passes_(buffers_.link(parameters, &draws_)),
      targets_(rows, network.outputs()) {
  for (std::size_t l = 0; l < network.layers().size(); ++l)
    if (network.couples_rows(l)) coupled_.push_back(l);
  for (const auto& place : network.tensors())
    if (network.learns(place)) first_trained_ = std::min(first_trained_, place.layer);
}

template <typename T>
void BatchPass<T>::prepare(const Plan& plan) {
  std::size_t sums = 0;
  for (const std::size_t layer : coupled_)
    sums = std::max(sums, network_.layers()[layer]->sum_count());
  while (tile_scores_.size() < plan.row_tiles.size()) {
    tile_scores_.emplace_back(tile_metrics + objective_.metric_sum_count());
    tile_sums_.emplace_back(sums);
  }
  while (plan.gradients_by_rows && row_gradients_.size() < plan.row_tiles.size())
    row_gradients_.emplace_back(network_.block_size());
}

template <typename T>
void BatchPass<T>::follow(std::size_t rows, T* parameters) const {
  for (const std::size_t layer : coupled_)
    network_.layers()[layer]->follow(passes_[layer], rows, parameters);
}

template <typename T>
std::size_t BatchPass<T>::segment_begin(std::size_t segment) const {
  return segment == 0 ? 0 : coupled_[segment - 1];
}

template <typename T>
std::size_t BatchPass<T>::segment_end(std::size_t segment) const {
  return segment == coupled_.size() ? network_.layers().size() : coupled_[segment];
}

template <typename T>
void BatchPass<T>::combine(std::size_t layer, const Plan& plan, Direction direction) {
  network_.layers()[layer]->combine(passes_[layer], plan.row_tiles, tile_sums_, direction);
}

template <typename T>
void BatchPass<T>::forward_segment(const Piece& piece, Range rows, std::size_t segment,
                                   std::size_t tile) {
  if (segment == 0) {
    const WorkSpan span(Work::gather);
    const auto places = piece.places.subspan(rows.begin, rows.size());
    piece.data.features.template gather<T>(places, buffers_.input().row_block(rows));
    objective_.gather(piece.data, places, rows, targets_);
    std::fill_n(tile_scores_[tile].data(), tile_scores_[tile].size(), 0.0);
  }
  const auto layers = network_.layers();
  for (std::size_t l = segment_begin(segment); l < segment_end(segment); ++l) {
    layers[l]->forward(passes_[l], rows,
                       l + 1 == layers.size() ? objective_.ending() : Layer<T>::Ending::activation);
    if (!objective_.activity_penalty(l).is_zero())
      tile_scores_[tile][tile_activity] +=
          objective_.activity(l, passes_[l].output.row_block(rows));
  }
  if (segment < coupled_.size()) {
    const std::size_t next = coupled_[segment];
    layers[next]->collect(passes_[next], rows, Direction::forward, tile_sums_[tile].data());
  }
}

template <typename T>
void BatchPass<T>::score(const Piece& piece, Range rows, std::size_t tile) {
  const T scale = objective_.is_averaged() ? static_cast<T>(mean_of(1, piece.batch_weight)) : T{1};
  const MatrixView<T> gradient =
      piece.differentiates ? buffers_.output_gradient() : MatrixView<T>();
  double* const sums = tile_scores_[tile].data();
  sums[tile_loss] = objective_.score(piece.data, targets_, buffers_.output(), gradient, rows, scale,
                                     true, sums + tile_metrics);
  if (scored_ == nullptr) return;
  const std::size_t first = draws_.first + rows.begin;
  const Range collected{first, first + rows.size()};
  copy_rows<T>(buffers_.output().row_block(rows), scored_->outputs.view().row_block(collected));
  objective_.gather(piece.data, piece.places.subspan(rows.begin, rows.size()), collected,
                    scored_->targets);
}

/// The cost of the piece by somebody else's function, and its gradient in place. False: no answer.
template <typename T>
bool BatchPass<T>::ask_custom_loss(const Piece& piece, double& loss) {
  const Range rows{0, piece.places.size()};
  const MatrixView<T> gradient = buffers_.output_gradient().row_block(rows);
  Predictions<T> seen = objective_.predictions(piece.data, targets_, buffers_.output(), rows);
  seen.weights = objective_.weights(piece.data, targets_, rows, true);
  if (!custom_loss_->compute(seen, loss, gradient)) return false;
  const double count = static_cast<double>(rows.size());
  loss *= count;
  if (piece.batch_rows != rows.size())
    for (std::size_t r = 0; r < rows.size(); ++r)
      kernels<T>().elementwise.scale(static_cast<T>(count / static_cast<double>(piece.batch_rows)),
                                     gradient.row(r), gradient.columns);
  return true;
}

template <typename T>
void BatchPass<T>::backward_segment(const Piece& piece, Range rows, std::size_t segment,
                                    std::size_t tile) {
  const auto layers = network_.layers();
  const std::size_t begin = segment_begin(segment);
  const std::size_t end = segment_end(segment);
  // The coupled layer that the segment above began with.
  if (end < layers.size() && end > first_trained_) layers[end]->backward_input(passes_[end], rows);
  for (std::size_t l = end; l-- > std::max(begin, first_trained_);) {
    if (!objective_.activity_penalty(l).is_zero())
      objective_.add_activity_gradient(l, passes_[l].output.row_block(rows),
                                       T{1} / static_cast<T>(piece.batch_rows),
                                       passes_[l].output_gradient.row_block(rows));
    const bool done = l + 1 == layers.size() && objective_.is_fused();
    if (!done) layers[l]->backward_activation(passes_[l], rows);
    if (l == begin && segment > 0)
      layers[l]->collect(passes_[l], rows, Direction::backward, tile_sums_[tile].data());
    else if (l > first_trained_)
      layers[l]->backward_input(passes_[l], rows);
  }
}

template <typename T>
typename BatchPass<T>::Outcome BatchPass<T>::run(const Piece& piece, const Plan& plan,
                                                 ThreadTeam& team, Scores& scores) {
  const std::size_t tiles = plan.row_tiles.size();
  const std::size_t last = coupled_.size();
  draws_ = piece.draws;
  const auto backward = [&](std::size_t tile) {
    const Range rows = plan.row_tiles[tile];
    backward_segment(piece, rows, last, tile);
    if (plan.gradients_by_rows) take_row_gradients(tile, rows);
  };

  // Rows beyond this batch's are there from a larger one: every view is cut to the batch.
  for (std::size_t segment = 0; segment <= last; ++segment) {
    if (segment > 0) combine(coupled_[segment - 1], plan, Direction::forward);
    team.run(tiles, [&](std::size_t tile, std::size_t /*thread*/) {
      const Range rows = plan.row_tiles[tile];
      forward_segment(piece, rows, segment, tile);
      if (segment < last) return;
      score(piece, rows, tile);
      if (piece.differentiates && !objective_.is_custom()) backward(tile);
    });
  }

  // Added up here, in the order of the tiles, whoever ran them.
  double loss = 0;
  double activity = 0;
  for (std::size_t tile = 0; tile < tiles; ++tile) {
    loss += tile_scores_[tile][tile_loss];
    activity += tile_scores_[tile][tile_activity];
  }
  if (objective_.is_custom()) {
    if (!ask_custom_loss(piece, loss)) return Outcome::stopped;
    // Its gradient is checked as well: another loss's would be seen in the next step's outputs, but
    // here the row can be told.
    if (piece.differentiates && find_non_finite_loss(piece)) loss = NAN;
    if (piece.differentiates && std::isfinite(loss))
      team.run(tiles, [&](std::size_t tile, std::size_t /*thread*/) { backward(tile); });
  }
  if (!std::isfinite(loss + activity)) return find_non_finite(piece);
  scores.loss += loss;
  scores.penalty += activity;
  for (std::size_t tile = 0; tile < tiles; ++tile)
    objective_.merge_metrics(tile_scores_[tile].data() + tile_metrics, scores.metric_sums.data());

  if (!piece.differentiates) return Outcome::done;
  for (std::size_t segment = last; segment-- > 0;) {
    const std::size_t coupled = coupled_[segment];
    combine(coupled, plan, Direction::backward);
    if (coupled == first_trained_) break;
    team.run(tiles, [&](std::size_t tile, std::size_t /*thread*/) {
      backward_segment(piece, plan.row_tiles[tile], segment, tile);
    });
  }
  return Outcome::done;
}

/// The gradients of all tensors that these rows make, in the tile's own block.
template <typename T>
void BatchPass<T>::take_row_gradients(std::size_t tile, Range rows) {
  for (const auto& place : network_.tensors()) {
    if (!network_.learns(place)) continue;
    const Tensor& shape = place.shape;
    network_.layers()[place.layer]->gradient(cut_rows(passes_[place.layer], rows), place.tensor,
                                             {0, shape.rows}, {0, shape.columns}, T{0},
                                             shape.view(row_gradients_[tile].data()));
  }
}

template <typename T>
typename BatchPass<T>::Outcome BatchPass<T>::find_non_finite(const Piece& piece) {
  const Range rows{0, piece.places.size()};
  // The loss has replaced the logits, which an activation can hide: sigmoid makes 1 of infinity.
  if (objective_.is_fused())
    network_.layers().back()->forward(passes_.back(), rows, objective_.ending());
  for (std::size_t l = 0; l < passes_.size(); ++l) {
    const MatrixView<T> output = passes_[l].output.row_block(rows);
    const std::size_t size = output.rows * output.columns;
    const std::size_t first = kernels<T>().elementwise.first_non_finite(output.data, size);
    const bool finite = first == size;
    if (finite && std::isfinite(objective_.activity(l, output))) continue;
    non_finite_ = {l, std::nullopt};
    if (!finite) non_finite_.place = piece.places[first / output.columns];
    return Outcome::non_finite;
  }
  non_finite_ = {network_.layers().size(), find_non_finite_loss(piece)};
  return Outcome::non_finite;
}

/// The first row whose own loss is not finite, though its outputs are.
template <typename T>
std::optional<std::uint32_t> BatchPass<T>::find_non_finite_loss(const Piece& piece) {
  std::vector<double> unused(objective_.metric_sum_count());
  for (std::size_t r = 0; r < piece.places.size(); ++r) {
    const Range row{r, r + 1};
    const MatrixView<T> gradient = buffers_.output_gradient().row_block(row);
    const bool finite =
        objective_.is_custom()
            ? kernels<T>().elementwise.first_non_finite(gradient.data, gradient.columns) ==
                  gradient.columns
            : std::isfinite(objective_.score(piece.data, targets_, buffers_.output(), {}, row, T{1},
                                             true, unused.data()));
    if (!finite) return piece.places[r];
  }
  return std::nullopt;
}

template class BatchPass<float>;
template class BatchPass<double>;

}  // namespace gemmnet
