#include "core/batch_pass.h"

#include <algorithm>
#include <cmath>

#include "core/work_clock.h"

namespace gemmnet {

namespace {

/// What a tile's scores begin with; the metrics' sums follow.
enum : std::size_t { tile_loss, tile_activity, tile_metrics };

/// Calls visit(rows, columns) for all blocks, neighbours that one thread takes together as one.
template <typename Visit>
void run_blocks(const BlockGrid& grid, ThreadTeam& team, const Visit& visit) {
  const auto visit_stretch = [&](Range blocks) { grid.visit_joined(blocks, visit); };
  team.run_stretches(grid.count(), grid.joinable ? grid.count() : 1, visit_stretch);
}

/// Calls visit(tiles) for ranges of row tiles that together are all of them.
template <typename Visit>
void run_tiles(const Plan& plan, ThreadTeam& team, const Visit& visit) {
  team.run_stretches(plan.row_tiles.size(), plan.joined_rows, visit);
}

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
  stages_.reserve(2 * network_.layers().size() + 2);
  staged_passes_.reserve(network_.layers().size());
  while (plan.gradients_by_rows && row_gradients_.size() < plan.row_tiles.size())
    row_gradients_.emplace_back(network_.block_size());
}

template <typename T>
void BatchPass<T>::follow(std::size_t rows, T* parameters) const {
  for (const std::size_t layer : coupled_)
    network_.layers()[layer]->follow(passes_[layer], rows, parameters);
}

template <typename T>
void BatchPass<T>::set_stages(const Plan& plan) {
  if (staged_rows_ == plan.rows) return;
  staged_rows_ = plan.rows;
  staged_passes_.clear();
  for (const LayerPass<T>& pass : passes_) staged_passes_.push_back(cut_rows(pass, {0, plan.rows}));
  const std::size_t layers = network_.layers().size();
  stages_.assign(1, {{0, 0}, false, false});
  const auto after_blocks = [&](std::size_t layer) {
    if (stages_.back().by_blocks) stages_.push_back({{layer, layer}, false, false});
  };
  for (std::size_t l = 0; l < layers; ++l) {
    // The penalty of a layer's outputs is taken by rows.
    if (plan.layer_blocks[l].outputs.count() != 0 && objective_.activity_penalty(l).is_zero()) {
      stages_.push_back({{l, l + 1}, true, false});
      continue;
    }
    after_blocks(l);
    if (network_.couples_rows(l)) stages_.push_back({{l, l}, false, true});
    stages_.back().layers.end = l + 1;
  }
  after_blocks(layers);
}

template <typename T>
typename Layer<T>::Ending BatchPass<T>::ending_of(std::size_t layer) const {
  return layer + 1 == network_.layers().size() ? objective_.ending() : Layer<T>::Ending::activation;
}

template <typename T>
void BatchPass<T>::combine(std::size_t layer, const Plan& plan, Direction direction) {
  network_.layers()[layer]->combine(passes_[layer], plan.row_tiles, tile_sums_, direction);
}

template <typename T>
void BatchPass<T>::forward(const Piece& piece, const Plan& plan, ThreadTeam& team) {
  for (std::size_t s = 0; s < stages_.size(); ++s) {
    const Stage& stage = stages_[s];
    const std::size_t first = stage.layers.begin;
    if (stage.couples) combine(first, plan, Direction::forward);
    if (stage.by_blocks) {
      const auto ending = ending_of(first);
      run_blocks(plan.layer_blocks[first].outputs, team, [&](Range rows, Range columns) {
        network_.layers()[first]->forward_block(passes_[first], rows, columns, ending);
      });
      continue;
    }
    const bool last = s + 1 == stages_.size();
    run_tiles(plan, team, [&](Range tiles) {
      forward_rows(piece, plan, tiles, s);
      if (!last) return;
      for (std::size_t tile = tiles.begin; tile < tiles.end; ++tile)
        score(piece, plan.row_tiles[tile], tile);
      if (piece.differentiates && !objective_.is_custom()) backward_last(piece, plan, tiles);
    });
  }
}

template <typename T>
void BatchPass<T>::forward_rows(const Piece& piece, const Plan& plan, Range tiles,
                                std::size_t stage) {
  const Range rows = plan.rows_of(tiles);
  if (stage == 0) {
    const WorkSpan span(Work::gather);
    const auto places = piece.places.subspan(rows.begin, rows.size());
    piece.data.features.template gather<T>(places, buffers_.input().row_block(rows));
    objective_.gather(piece.data, places, rows, targets_);
    for (std::size_t tile = tiles.begin; tile < tiles.end; ++tile)
      std::fill_n(tile_scores_[tile].data(), tile_scores_[tile].size(), 0.0);
  }
  const auto layers = network_.layers();
  for (std::size_t l = stages_[stage].layers.begin; l < stages_[stage].layers.end; ++l) {
    layers[l]->forward(passes_[l], rows, ending_of(l));
    if (objective_.activity_penalty(l).is_zero()) continue;
    for (std::size_t tile = tiles.begin; tile < tiles.end; ++tile)
      tile_scores_[tile][tile_activity] +=
          objective_.activity(l, passes_[l].output.row_block(plan.row_tiles[tile]));
  }
  if (stage + 1 < stages_.size() && stages_[stage + 1].couples)
    collect(stages_[stage + 1].layers.begin, plan, tiles, Direction::forward);
}

template <typename T>
void BatchPass<T>::collect(std::size_t layer, const Plan& plan, Range tiles, Direction direction) {
  for (std::size_t tile = tiles.begin; tile < tiles.end; ++tile)
    network_.layers()[layer]->collect(passes_[layer], plan.row_tiles[tile], direction,
                                      tile_sums_[tile].data());
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

/// Whoever has completed dC/da of a layer that has a stage of its own makes dC/dz of it at once:
/// the layer's products need all columns of that.
template <typename T>
void BatchPass<T>::backward_rows(const Piece& piece, const Plan& plan, Range tiles,
                                 std::size_t stage) {
  const Range rows = plan.rows_of(tiles);
  const auto layers = network_.layers();
  const auto [begin, end] = stages_[stage].layers;
  const bool coupled_above = stage + 1 < stages_.size() && stages_[stage + 1].couples;
  if (coupled_above && end > first_trained_) layers[end]->backward_input(passes_[end], rows);
  for (std::size_t l = end; l-- > std::max(begin, first_trained_);) {
    if (!objective_.activity_penalty(l).is_zero())
      objective_.add_activity_gradient(l, passes_[l].output.row_block(rows),
                                       T{1} / static_cast<T>(piece.batch_rows),
                                       passes_[l].output_gradient.row_block(rows));
    backward_activation(l, rows);
    if (l == begin && stages_[stage].couples)
      collect(l, plan, tiles, Direction::backward);
    else if (l > first_trained_)
      layers[l]->backward_input(passes_[l], rows);
  }
  if (stage > 0 && stages_[stage - 1].by_blocks && begin > first_trained_)
    backward_activation(begin - 1, rows);
}

template <typename T>
void BatchPass<T>::backward_activation(std::size_t layer, Range rows) {
  const bool done = layer + 1 == network_.layers().size() && objective_.is_fused();
  if (!done) network_.layers()[layer]->backward_activation(passes_[layer], rows);
}

template <typename T>
void BatchPass<T>::backward_block(std::size_t stage, Range rows, Range columns) {
  const std::size_t layer = stages_[stage].layers.begin;
  network_.layers()[layer]->backward_input_block(passes_[layer], rows, columns);
  if (stages_[stage - 1].by_blocks)
    network_.layers()[layer - 1]->backward_activation_block(passes_[layer - 1], rows, columns);
}

/// The last stage, whose gradient the loss has begun.
template <typename T>
void BatchPass<T>::backward_last(const Piece& piece, const Plan& plan, Range tiles) {
  backward_rows(piece, plan, tiles, stages_.size() - 1);
  if (!plan.gradients_by_rows) return;
  for (std::size_t tile = tiles.begin; tile < tiles.end; ++tile)
    take_row_gradients(tile, plan.row_tiles[tile]);
}

/// The stages below the last one.
template <typename T>
void BatchPass<T>::backward(const Piece& piece, const Plan& plan, ThreadTeam& team) {
  for (std::size_t s = stages_.size() - 1; s > 0; --s) {
    if (stages_[s].couples) combine(stages_[s].layers.begin, plan, Direction::backward);
    const Stage& below = stages_[s - 1];
    if (stages_[s].layers.begin <= first_trained_) return;
    if (!below.by_blocks) {
      run_tiles(plan, team, [&](Range tiles) { backward_rows(piece, plan, tiles, s - 1); });
    } else if (below.layers.begin > first_trained_) {
      run_blocks(plan.layer_blocks[below.layers.begin].inputs, team,
                 [&](Range rows, Range columns) { backward_block(s - 1, rows, columns); });
    }
  }
}

template <typename T>
typename BatchPass<T>::Outcome BatchPass<T>::run(const Piece& piece, const Plan& plan,
                                                 ThreadTeam& team, Scores& scores) {
  const std::size_t tiles = plan.row_tiles.size();
  draws_ = piece.draws;
  set_stages(plan);
  // Rows beyond this batch's are there from a larger one: every view is cut to the batch.
  forward(piece, plan, team);

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
      run_tiles(plan, team, [&](Range some) { backward_last(piece, plan, some); });
  }
  if (!std::isfinite(loss + activity)) return find_non_finite(piece);
  scores.loss += loss;
  scores.penalty += activity;
  for (std::size_t tile = 0; tile < tiles; ++tile)
    objective_.merge_metrics(tile_scores_[tile].data() + tile_metrics, scores.metric_sums.data());
  if (piece.differentiates) backward(piece, plan, team);
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
    std::size_t first = 0;  // row with such a value
    while (first < output.rows && kernels<T>().elementwise.first_non_finite(
                                      output.row(first), output.columns) == output.columns)
      ++first;
    const bool finite = first == output.rows;
    if (finite && std::isfinite(objective_.activity(l, output))) continue;
    non_finite_ = {l, std::nullopt};
    if (!finite) non_finite_.place = piece.places[first];
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
