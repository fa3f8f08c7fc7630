#include "core/update.h"

#include <algorithm>
#include <cmath>

#include "core/work_clock.h"

namespace gemmnet {

template <typename T>
Update<T>::Update(const Network<T>& network, const Objective<T>& objective,
                  const UpdateSettings& settings, OptimizerState<T>& state,
                  WeightAverages<T>* averages, AlignedBuffer<T>& parameters)
    : network_(network),
      objective_(objective),
      optimizer_(find_required(kernels<T>().optimizers, "optimizer", settings.optimizer.name)),
      settings_(settings),
      state_(state),
      averages_(averages),
      parameters_(parameters),
      factors_(network.tensors().size(), T{1}),
      tensor_squares_(network.tensors().size()) {
  while (state_.slots.size() < optimizer_.slots(settings_.optimizer.options.data()))
    state_.slots.emplace_back(network.block_size());
  if (averages_ != nullptr && averages_->block.size() == 0)
    averages_->block = AlignedBuffer<T>(network.block_size());
}

template <typename T>
void Update<T>::prepare(const Plan& plan) {
  if (tile_penalties_.size() >= plan.tensor_tiles.size()) return;
  tile_penalties_.resize(plan.tensor_tiles.size());
  tile_squares_.resize(plan.tensor_tiles.size());
}

template <typename T>
void Update<T>::begin(double learning_rate, double batch_weight) {
  learning_rate_ = learning_rate;
  batch_weight_ = batch_weight;
  limited_ = false;
  optimizer_.prepare(settings_.optimizer.options.data(), learning_rate, ++state_.steps,
                     state_.scalars, coefficients_);
}

/// Finds what the gradient is to be multiplied with, too.
template <typename T>
void Update<T>::limit(AlignedBuffer<T>& gradient, const Plan& plan, ThreadTeam& team) {
  const Clipping& clipping = settings_.clipping;
  team.run(plan.cost_before, [&](std::size_t index, std::size_t /*thread*/) {
    const TensorTile& tile = plan.tensor_tiles[index];
    const Tensor& shape = network_.tensors()[tile.place].shape;
    const Penalty penalty = objective_.tensor_penalty(tile.place, batch_weight_);
    const MatrixView<T> part = shape.view(gradient.data()).block(tile.rows, tile.columns);
    const MatrixView<T> weights = shape.view(parameters_.data()).block(tile.rows, tile.columns);
    tile_squares_[index] = 0;
    for (std::size_t r = 0; r < part.rows; ++r) {
      if (!clipping.before_penalty)
        penalty.add_gradient(weights.row(r), T{1}, part.row(r), part.columns);
      if (clipping.value != 0)
        kernels<T>().elementwise.clamp(static_cast<T>(clipping.value), part.row(r), part.columns);
      tile_squares_[index] += kernels<T>().elementwise.sum_of_squares(part.row(r), part.columns);
    }
  });
  std::fill(tensor_squares_.begin(), tensor_squares_.end(), 0.0);
  double all = 0;
  for (std::size_t index = 0; index < plan.tensor_tiles.size(); ++index) {
    tensor_squares_[plan.tensor_tiles[index].place] += tile_squares_[index];
    all += tile_squares_[index];
  }
  const auto factor = [&](double square, double limit) {
    return std::min(1.0, limit / (std::sqrt(square) + clipping.epsilon));
  };
  for (std::size_t place = 0; place < tensor_squares_.size(); ++place)
    factors_[place] = static_cast<T>(clipping.global_norm != 0
                                         ? factor(all, clipping.global_norm)
                                         : factor(tensor_squares_[place], clipping.tensor_norm));
  limited_ = true;
}

template <typename T>
void Update<T>::apply(const Plan& plan, std::size_t index, MatrixView<T> gradient) {
  const WorkSpan span(Work::optimizer);
  const TensorTile& tile = plan.tensor_tiles[index];
  const auto& loops = kernels<T>().elementwise;
  const Tensor& shape = network_.tensors()[tile.place].shape;
  const Penalty penalty = objective_.tensor_penalty(tile.place, batch_weight_);
  const Clipping& clipping = settings_.clipping;
  const bool clips_penalty = clipping.any() && !clipping.before_penalty;

  ParameterSlice<T> slice{};
  slice.decay = (clips_penalty ? T{0} : static_cast<T>(2 * penalty.l2)) +
                static_cast<T>(settings_.decoupled ? 0 : settings_.weight_decay);
  slice.lasso = clips_penalty ? T{0} : static_cast<T>(penalty.l1);
  slice.shrink =
      static_cast<T>(settings_.decoupled ? 1 - learning_rate_ * settings_.weight_decay : 1.0);
  double penalty_value = 0;
  // A tile of whole rows is one stretch of memory, here and in the gradient.
  const bool contiguous =
      tile.columns.size() == shape.columns && gradient.stride == gradient.columns;
  const std::size_t stretches = contiguous ? 1 : tile.rows.size();
  slice.size = contiguous ? tile.size() : tile.columns.size();
  for (std::size_t i = 0; i < stretches; ++i) {
    const std::size_t first =
        shape.offset + (tile.rows.begin + i) * shape.columns + tile.columns.begin;
    T* slots[Optimizer<T>::maximum_slots] = {};
    for (std::size_t slot = 0; slot < state_.slots.size(); ++slot)
      slots[slot] = state_.slots[slot].data() + first;
    slice.weights = parameters_.data() + first;
    slice.gradient = gradient.row(i);
    slice.slots = slots;
    penalty_value += penalty.of(slice.weights, slice.size);
    if (clipping.any() && !limited_) {
      if (clips_penalty) penalty.add_gradient(slice.weights, T{1}, gradient.row(i), slice.size);
      loops.clamp(static_cast<T>(clipping.value), gradient.row(i), slice.size);
    }
    if (limited_ && factors_[tile.place] != 1)
      loops.scale(factors_[tile.place], gradient.row(i), slice.size);
    optimizer_.update(coefficients_, slice);
  }
  tile_penalties_[index] = penalty_value;
}

/// The limits of columns' norms, once whole tensors are updated.
template <typename T>
void Update<T>::limit_norms(ThreadTeam& team) {
  constexpr std::size_t most_columns = 256;
  for (std::size_t place = 0; place < settings_.max_norms.size(); ++place) {
    if (settings_.max_norms[place] == 0 || !network_.learns(network_.tensors()[place])) continue;
    const Tensor& shape = network_.tensors()[place].shape;
    const MatrixView<T> tensor = shape.view(parameters_.data());
    team.run((shape.columns + most_columns - 1) / most_columns, [&](std::size_t index,
                                                                    std::size_t /*thread*/) {
      const Range columns{index * most_columns,
                          std::min(shape.columns, (index + 1) * most_columns)};
      kernels<T>().elementwise.limit_column_norms(tensor.block({0, shape.rows}, columns),
                                                  static_cast<T>(settings_.max_norms[place]),
                                                  static_cast<T>(settings_.max_norm_epsilon));
    });
  }
}

template <typename T>
void Update<T>::average(ThreadTeam& team) {
  const auto tensors = network_.tensors();
  team.run(tensors.size(), [&](std::size_t index, std::size_t /*thread*/) {
    const Tensor& shape = tensors[index].shape;
    const T* const values = parameters_.data() + shape.offset;
    T* const averages = averages_->block.data() + shape.offset;
    // Running statistics are averages already; those of frozen weights would differ by rounding.
    if (averages_->begun && network_.learns(tensors[index]))
      kernels<T>().elementwise.average(static_cast<T>(averages_->momentum), values, averages,
                                       shape.size());
    else
      std::copy_n(values, shape.size(), averages);
  });
  averages_->begun = true;
}

template <typename T>
double Update<T>::end(const Plan& plan, ThreadTeam& team) {
  limit_norms(team);
  if (averages_ != nullptr) average(team);
  double penalty = 0;
  for (std::size_t tile = 0; tile < plan.tensor_tiles.size(); ++tile)
    penalty += tile_penalties_[tile];
  return penalty;
}

template <typename T>
std::size_t Update<T>::most_penalised_layer(const Plan& plan) const {
  std::size_t most = 0;
  for (std::size_t tile = 1; tile < plan.tensor_tiles.size(); ++tile)
    if (!(tile_penalties_[tile] <= tile_penalties_[most])) most = tile;
  return network_.tensors()[plan.tensor_tiles[most].place].layer;
}

template class Update<float>;
template class Update<double>;

}  // namespace gemmnet
