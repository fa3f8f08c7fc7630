#include "core/step.h"

#include <algorithm>
#include <cmath>

namespace gemmnet {

template <typename T>
Activations<T>::Activations(const Network<T>& network, std::size_t rows)
    : input_(rows, network.inputs()), passes_(network.layers().size()) {
  for (const auto& layer : network.layers()) {
    outputs_.emplace_back(rows, layer->outputs());
    gradients_.emplace_back(rows, layer->outputs());
    weighted_.emplace_back(layer->keeps_weighted() ? rows : 0, layer->outputs());
  }
}

template <typename T>
std::span<const LayerPass<T>> Activations<T>::link(const T* parameters) {
  for (std::size_t l = 0; l < passes_.size(); ++l) {
    LayerPass<T>& pass = passes_[l];
    pass.parameters = parameters;
    pass.input = l == 0 ? input_.view() : outputs_[l - 1].view();
    pass.output = outputs_[l].view();
    pass.weighted = weighted_[l].bytes() != 0 ? weighted_[l].view() : pass.output;
    pass.output_gradient = gradients_[l].view();
    if (l != 0) pass.input_gradient = gradients_[l - 1].view();
  }
  return passes_;
}

template <typename T>
Step<T>::Step(const Network<T>& network, const Objective<T>& objective,
              const OptimizerSettings& optimizer, OptimizerState<T>& state,
              std::size_t largest_batch, std::size_t threads)
    : network_(network),
      objective_(objective),
      optimizer_(find_required(kernels<T>().optimizers, "optimizer", optimizer.name)),
      optimizer_options_(optimizer.options),
      state_(state),
      parameters_(network.block_size()),
      piece_rows_(std::min(largest_batch, maximum_step_rows)),
      activations_(network, piece_rows_),
      targets_(piece_rows_, network.outputs()),
      scratch_(threads) {
  while (state_.slots.size() < optimizer_.slots(optimizer_options_.data()))
    state_.slots.emplace_back(network.block_size());
  if (largest_batch > piece_rows_) gradient_ = AlignedBuffer<T>(network.block_size());
  passes_ = activations_.link(parameters_.data());
  prepare(largest_batch);
}

template <typename T>
void Step<T>::load(const AlignedBuffer<T>& block) {
  std::copy_n(block.data(), block.size(), parameters_.data());
}

template <typename T>
void Step<T>::prepare(std::size_t rows) {
  plan_for(std::min(rows, piece_rows_));
  if (rows > piece_rows_ && rows % piece_rows_ != 0) plan_for(rows % piece_rows_);
}

template <typename T>
const Plan& Step<T>::plan_for(std::size_t rows) {
  for (const Plan& plan : plans_)
    if (plan.rows == rows) return plan;
  plans_.push_back(make_plan(network_, rows));
  const Plan& plan = plans_.back();
  while (tile_scores_.size() < plan.row_tiles.size())
    tile_scores_.emplace_back(1 + objective_.metric_sum_count());
  if (tile_penalties_.size() < plan.tensor_tiles.size())
    tile_penalties_.resize(plan.tensor_tiles.size());
  while (plan.gradients_by_rows && row_gradients_.size() < plan.row_tiles.size())
    row_gradients_.emplace_back(network_.block_size());
  std::size_t largest = 0;
  for (const TensorTile& tile : plan.tensor_tiles) largest = std::max(largest, tile.size());
  for (AlignedBuffer<T>& buffer : scratch_)
    if (buffer.size() < largest) buffer = AlignedBuffer<T>(largest);
  return plan;
}

template <typename T>
bool Step<T>::forward_backward(const Rows& data, std::span<const std::uint32_t> places,
                               std::size_t batch_rows, Purpose purpose, ThreadTeam& team,
                               Scores& scores) {
  const Plan& plan = plan_for(places.size());
  const T scale = objective_.is_averaged() ? T{1} / static_cast<T>(batch_rows) : T{1};
  const auto layers = network_.layers();

  // Rows beyond this batch's are there from a larger one: every view is cut to the batch.
  team.run(plan.row_tiles.size(), [&](std::size_t index, std::size_t /*thread*/) {
    const Range rows = plan.row_tiles[index];
    const auto tile_places = places.subspan(rows.begin, rows.size());
    data.features.gather<T>(tile_places, activations_.input().row_block(rows));
    objective_.gather(data, tile_places, rows, targets_);
    network_.forward(passes_, rows, objective_.ending());
    const MatrixView<T> gradient =
        purpose == Purpose::gradient ? activations_.output_gradient() : MatrixView<T>();
    double* const sums = tile_scores_[index].data();
    std::fill_n(sums, tile_scores_[index].size(), 0.0);
    objective_.score(data, targets_, activations_.output(), gradient, rows, scale, sums, sums + 1);
    if (purpose == Purpose::value) return;
    for (std::size_t l = layers.size(); l-- > 0;) {
      const bool done = l + 1 == layers.size() && objective_.is_fused();
      if (!done) layers[l]->backward_activation(passes_[l], rows);
      if (l > 0) layers[l]->backward_input(passes_[l], rows);
    }
    if (plan.gradients_by_rows) row_gradients(index, rows);
  });

  // Added up here, in the order of the tiles, whoever ran them.
  double loss = 0;
  for (std::size_t tile = 0; tile < plan.row_tiles.size(); ++tile) loss += tile_scores_[tile][0];
  if (!std::isfinite(loss)) {
    find_non_finite(places);
    return false;
  }
  scores.loss += loss;
  for (std::size_t tile = 0; tile < plan.row_tiles.size(); ++tile)
    objective_.merge_metrics(tile_scores_[tile].data() + 1, scores.metric_sums.data());
  return true;
}

/// The gradients of all tensors that these rows make, in the tile's own block.
template <typename T>
void Step<T>::row_gradients(std::size_t tile, Range rows) {
  for (const auto& place : network_.tensors()) {
    LayerPass<T> pass = passes_[place.layer];
    pass.input = pass.input.row_block(rows);
    pass.output_gradient = pass.output_gradient.row_block(rows);
    const Tensor& shape = place.shape;
    network_.layers()[place.layer]->gradient(
        pass, place.tensor, {0, shape.rows}, {0, shape.columns}, T{0},
        {row_gradients_[tile].data() + shape.offset, shape.rows, shape.columns});
  }
}

/// Adds up a part of the row tiles' gradients, in their order, in the first one's block.
template <typename T>
MatrixView<T> Step<T>::sum_of_row_gradients(const TensorTile& tile, std::size_t row_tiles) {
  const Tensor& shape = network_.tensors()[tile.place].shape;
  const auto part = [&](std::size_t row_tile) {
    return MatrixView<T>(row_gradients_[row_tile].data() + shape.offset, shape.rows, shape.columns)
        .block(tile.rows, tile.columns);
  };
  const MatrixView<T> sum = part(0);
  for (std::size_t row_tile = 1; row_tile < row_tiles; ++row_tile)
    for (std::size_t r = 0; r < sum.rows; ++r)
      kernels<T>().elementwise.add(part(row_tile).row(r), sum.row(r), sum.columns);
  return sum;
}

template <typename T>
void Step<T>::gradients(std::size_t rows, Gradients what, ThreadTeam& team) {
  const Plan& plan = plan_for(rows);
  team.run(plan.tensor_tiles.size(), [&](std::size_t index, std::size_t thread) {
    const TensorTile& tile = plan.tensor_tiles[index];
    const auto& place = network_.tensors()[tile.place];
    LayerPass<T> pass = passes_[place.layer];
    pass.input = pass.input.row_block({0, rows});
    pass.output_gradient = pass.output_gradient.row_block({0, rows});
    MatrixView<T> into(scratch_[thread].data(), tile.rows.size(), tile.columns.size());
    if (what != Gradients::update)
      into = MatrixView<T>(gradient_.data() + place.shape.offset, place.shape.rows,
                           place.shape.columns)
                 .block(tile.rows, tile.columns);
    if (plan.gradients_by_rows) {
      const MatrixView<T> sum = sum_of_row_gradients(tile, plan.row_tiles.size());
      if (what == Gradients::update) return update(tile, sum, &tile_penalties_[index]);
      for (std::size_t r = 0; r < sum.rows; ++r) {
        if (what == Gradients::store) std::fill_n(into.row(r), sum.columns, T{0});
        kernels<T>().elementwise.add(sum.row(r), into.row(r), sum.columns);
      }
      return;
    }
    network_.layers()[place.layer]->gradient(pass, place.tensor, tile.rows, tile.columns,
                                             what == Gradients::add ? T{1} : T{0}, into);
    if (what == Gradients::update) update(tile, into, &tile_penalties_[index]);
  });
}

template <typename T>
void Step<T>::update_all(ThreadTeam& team) {
  const Plan& plan = plan_for(piece_rows_);
  team.run(plan.tensor_tiles.size(), [&](std::size_t index, std::size_t /*thread*/) {
    const TensorTile& tile = plan.tensor_tiles[index];
    const Tensor& shape = network_.tensors()[tile.place].shape;
    update(tile,
           MatrixView<const T>(gradient_.data() + shape.offset, shape.rows, shape.columns)
               .block(tile.rows, tile.columns),
           &tile_penalties_[index]);
  });
}

template <typename T>
void Step<T>::update(const TensorTile& tile, MatrixView<const T> gradient, double* penalty) {
  const Tensor& shape = network_.tensors()[tile.place].shape;
  const double l2 = objective_.l2(tile.place);
  const T decay = static_cast<T>(2 * l2);
  *penalty = 0;
  // A tile of whole rows is one stretch of memory, here and in the gradient.
  const bool contiguous =
      tile.columns.size() == shape.columns && gradient.stride == gradient.columns;
  const std::size_t stretches = contiguous ? 1 : tile.rows.size();
  const std::size_t size = contiguous ? tile.size() : tile.columns.size();
  for (std::size_t i = 0; i < stretches; ++i) {
    const std::size_t first =
        shape.offset + (tile.rows.begin + i) * shape.columns + tile.columns.begin;
    T* slots[Optimizer<T>::maximum_slots] = {};
    for (std::size_t slot = 0; slot < state_.slots.size(); ++slot)
      slots[slot] = state_.slots[slot].data() + first;
    if (l2 != 0)
      *penalty += l2 * kernels<T>().elementwise.sum_of_squares(parameters_.data() + first, size);
    optimizer_.update(coefficients_, {parameters_.data() + first, gradient.row(i), slots, size,
                                      decay, T{0}, T{1}});
  }
}

template <typename T>
bool Step<T>::train(const Rows& data, std::span<const std::uint32_t> places, double learning_rate,
                    ThreadTeam& team, Scores& scores) {
  const bool whole = places.size() <= piece_rows_;
  for (std::size_t begin = 0; begin < places.size(); begin += piece_rows_) {
    const auto piece = places.subspan(begin, std::min(piece_rows_, places.size() - begin));
    if (!forward_backward(data, piece, places.size(), Purpose::gradient, team, scores))
      return false;
    if (!whole) gradients(piece.size(), begin == 0 ? Gradients::store : Gradients::add, team);
  }
  optimizer_.prepare(optimizer_options_.data(), learning_rate, ++state_.steps, state_.scalars,
                     coefficients_);
  if (whole)
    gradients(places.size(), Gradients::update, team);
  else
    update_all(team);
  const Plan& plan = plan_for(std::min(places.size(), piece_rows_));
  double penalty = 0;
  for (std::size_t tile = 0; tile < plan.tensor_tiles.size(); ++tile)
    penalty += tile_penalties_[tile];
  scores.penalty += penalty * static_cast<double>(places.size());
  return true;
}

template <typename T>
double Step<T>::whole_cost(const Rows& data, std::span<const std::uint32_t> places, Purpose purpose,
                           ThreadTeam& team) {
  Scores scores;
  scores.clear(objective_.metric_sum_count());
  for (std::size_t begin = 0; begin < places.size(); begin += piece_rows_) {
    const auto piece = places.subspan(begin, std::min(piece_rows_, places.size() - begin));
    if (!forward_backward(data, piece, places.size(), purpose, team, scores)) return NAN;
    if (purpose == Purpose::gradient)
      gradients(piece.size(), begin == 0 ? Gradients::store : Gradients::add, team);
  }
  const double loss =
      objective_.is_averaged() ? scores.loss / static_cast<double>(places.size()) : scores.loss;
  return loss + objective_.penalty(parameters_.data());
}

template <typename T>
double Step<T>::differentiate(const Rows& data, std::span<const std::uint32_t> places,
                              ThreadTeam& team) {
  if (gradient_.size() == 0) gradient_ = AlignedBuffer<T>(network_.block_size());
  const double value = whole_cost(data, places, Purpose::gradient, team);
  for (std::size_t place = 0; place < network_.tensors().size(); ++place) {
    const Tensor& shape = network_.tensors()[place].shape;
    for (std::size_t i = shape.offset; i < shape.end(); ++i)
      gradient_[i] += static_cast<T>(2 * objective_.l2(place)) * parameters_[i];
  }
  return value;
}

template <typename T>
double Step<T>::cost(const Rows& data, std::span<const std::uint32_t> places, ThreadTeam& team) {
  return whole_cost(data, places, Purpose::value, team);
}

template <typename T>
void Step<T>::find_non_finite(std::span<const std::uint32_t> places) {
  non_finite_ = {network_.layers().size(), places.front()};
  for (std::size_t l = 0; l < passes_.size(); ++l) {
    const MatrixView<T> output = passes_[l].output.row_block({0, places.size()});
    const std::size_t size = output.rows * output.columns;
    const std::size_t first = kernels<T>().elementwise.first_non_finite(output.data, size);
    if (first == size) continue;
    non_finite_ = {l, places[first / output.columns]};
    return;
  }
}

template class Activations<float>;
template class Activations<double>;
template class Step<float>;
template class Step<double>;

}  // namespace gemmnet
