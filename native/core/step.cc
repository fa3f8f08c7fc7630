#include "core/step.h"

#include <algorithm>
#include <cmath>

namespace gemmnet {

namespace {

/// What a tile's scores begin with; the metrics' sums follow.
enum : std::size_t { tile_loss, tile_activity, tile_metrics };

}  // namespace

template <typename T>
Activations<T>::Activations(const Network<T>& network, std::size_t rows)
    : input_(rows, network.inputs()), passes_(network.layers().size()) {
  for (std::size_t l = 0; l < network.layers().size(); ++l) {
    const Layer<T>& layer = *network.layers()[l];
    outputs_.emplace_back(rows, layer.outputs());
    gradients_.emplace_back(rows, layer.outputs());
    kept_.emplace_back(layer.kept_columns() == 0 ? 0 : rows, layer.kept_columns());
    coupled_.push_back(network.couples_rows(l));
    statistics_.emplace_back(coupled_.back() ? layer.statistic_count() : 0);
  }
}

template <typename T>
std::span<const LayerPass<T>> Activations<T>::link(const T* parameters, const BatchDraws* draws) {
  for (std::size_t l = 0; l < passes_.size(); ++l) {
    LayerPass<T>& pass = passes_[l];
    pass.parameters = parameters;
    pass.input = l == 0 ? input_.view() : outputs_[l - 1].view();
    pass.output = outputs_[l].view();
    pass.kept = kept_[l].bytes() != 0 ? kept_[l].view() : pass.output;
    pass.output_gradient = gradients_[l].view();
    if (l != 0) pass.input_gradient = gradients_[l - 1].view();
    pass.statistics = statistics_[l].data();
    pass.draws = draws;
    pass.coupled = coupled_[l];
  }
  return passes_;
}

template <typename T>
Step<T>::Step(const Network<T>& network, const Objective<T>& objective,
              const UpdateSettings& update, OptimizerState<T>& state, WeightAverages<T>* averages,
              CustomLoss<T>* custom_loss, BatchSize largest, std::size_t threads)
    : network_(network),
      objective_(objective),
      optimizer_(find_required(kernels<T>().optimizers, "optimizer", update.optimizer.name)),
      update_(update),
      state_(state),
      averages_(averages),
      custom_loss_(custom_loss),
      first_trained_(network.layers().size()),
      parameters_(network.block_size()),
      piece_rows_(std::min(largest.rows, largest.piece)),
      activations_(network, piece_rows_),
      targets_(piece_rows_, network.outputs()),
      scratch_(threads),
      tensor_squares_(network.tensors().size()),
      factors_(network.tensors().size(), T{1}) {
  for (std::size_t l = 0; l < network.layers().size(); ++l)
    if (network.couples_rows(l)) coupled_.push_back(l);
  for (const auto& place : network.tensors())
    if (network.learns(place)) first_trained_ = std::min(first_trained_, place.layer);
  while (state_.slots.size() < optimizer_.slots(update_.optimizer.options.data()))
    state_.slots.emplace_back(network.block_size());
  if (averages_ != nullptr && averages_->block.size() == 0)
    averages_->block = AlignedBuffer<T>(network.block_size());
  if (largest.rows > piece_rows_ || update_.clipping.by_norm())
    gradient_ = AlignedBuffer<T>(network.block_size());
  passes_ = activations_.link(parameters_.data(), &draws_);
  prepare(largest.rows);
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
  std::size_t sums = 0;
  for (const std::size_t layer : coupled_)
    sums = std::max(sums, network_.layers()[layer]->sum_count());
  while (tile_scores_.size() < plan.row_tiles.size()) {
    tile_scores_.emplace_back(tile_metrics + objective_.metric_sum_count());
    tile_sums_.emplace_back(sums);
  }
  if (tile_penalties_.size() < plan.tensor_tiles.size()) {
    tile_penalties_.resize(plan.tensor_tiles.size());
    tile_squares_.resize(plan.tensor_tiles.size());
  }
  while (plan.gradients_by_rows && row_gradients_.size() < plan.row_tiles.size())
    row_gradients_.emplace_back(network_.block_size());
  std::size_t largest = 0;
  for (const TensorTile& tile : plan.tensor_tiles) largest = std::max(largest, tile.size());
  for (AlignedBuffer<T>& buffer : scratch_)
    if (buffer.size() < largest) buffer = AlignedBuffer<T>(largest);
  return plan;
}

// The layers between two that couple rows are a segment. It begins with a coupled layer's forward
// pass, and ends with collecting what the next one needs.

template <typename T>
std::size_t Step<T>::segment_begin(std::size_t segment) const {
  return segment == 0 ? 0 : coupled_[segment - 1];
}

template <typename T>
std::size_t Step<T>::segment_end(std::size_t segment) const {
  return segment == coupled_.size() ? network_.layers().size() : coupled_[segment];
}

template <typename T>
void Step<T>::combine(std::size_t layer, const Plan& plan, Direction direction) {
  network_.layers()[layer]->combine(passes_[layer], plan.row_tiles, tile_sums_, direction);
}

template <typename T>
void Step<T>::forward_segment(const Piece& piece, std::size_t segment, std::size_t tile) {
  const Range rows = piece.plan.row_tiles[tile];
  if (segment == 0) {
    const auto places = piece.places.subspan(rows.begin, rows.size());
    piece.data.features.template gather<T>(places, activations_.input().row_block(rows));
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
void Step<T>::score(const Piece& piece, std::size_t tile) {
  const Range rows = piece.plan.row_tiles[tile];
  const T scale = objective_.is_averaged() ? static_cast<T>(mean_of(1, piece.batch_weight)) : T{1};
  const MatrixView<T> gradient =
      piece.purpose == Purpose::gradient ? activations_.output_gradient() : MatrixView<T>();
  double* const sums = tile_scores_[tile].data();
  sums[tile_loss] = objective_.score(piece.data, targets_, activations_.output(), gradient, rows,
                                     scale, true, sums + tile_metrics);
  if (scored_ == nullptr) return;
  const std::size_t first = draws_.first + rows.begin;
  const Range collected{first, first + rows.size()};
  copy_rows<T>(activations_.output().row_block(rows), scored_->outputs.view().row_block(collected));
  objective_.gather(piece.data, piece.places.subspan(rows.begin, rows.size()), collected,
                    scored_->targets);
}

/// The cost of the piece by somebody else's function, and its gradient in place. False: no answer.
template <typename T>
bool Step<T>::ask_custom_loss(const Piece& piece, double& loss) {
  const Range rows{0, piece.places.size()};
  const MatrixView<T> gradient = activations_.output_gradient().row_block(rows);
  Predictions<T> seen = objective_.predictions(piece.data, targets_, activations_.output(), rows);
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
void Step<T>::backward_segment(const Piece& piece, std::size_t segment, std::size_t tile) {
  const Range rows = piece.plan.row_tiles[tile];
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
typename Step<T>::Outcome Step<T>::forward_backward(const Piece& piece, ThreadTeam& team,
                                                    Scores& scores) {
  const Plan& plan = piece.plan;
  const std::size_t tiles = plan.row_tiles.size();
  const std::size_t last = coupled_.size();
  const bool differentiates = piece.purpose == Purpose::gradient;

  // Rows beyond this batch's are there from a larger one: every view is cut to the batch.
  for (std::size_t segment = 0; segment <= last; ++segment) {
    if (segment > 0) combine(coupled_[segment - 1], plan, Direction::forward);
    team.run(tiles, [&](std::size_t tile, std::size_t /*thread*/) {
      forward_segment(piece, segment, tile);
      if (segment < last) return;
      score(piece, tile);
      if (objective_.is_custom() || !differentiates) return;
      backward_segment(piece, segment, tile);
      if (plan.gradients_by_rows) row_gradients(tile, plan.row_tiles[tile]);
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
    if (differentiates && find_non_finite_loss(piece)) loss = NAN;
    if (std::isfinite(loss) && differentiates)
      team.run(tiles, [&](std::size_t tile, std::size_t /*thread*/) {
        backward_segment(piece, last, tile);
        if (plan.gradients_by_rows) row_gradients(tile, plan.row_tiles[tile]);
      });
  }
  if (!std::isfinite(loss + activity)) return find_non_finite(piece);
  scores.loss += loss;
  scores.penalty += activity;
  for (std::size_t tile = 0; tile < tiles; ++tile)
    objective_.merge_metrics(tile_scores_[tile].data() + tile_metrics, scores.metric_sums.data());

  if (!differentiates) return Outcome::done;
  for (std::size_t segment = last; segment-- > 0;) {
    const std::size_t coupled = coupled_[segment];
    if (coupled < first_trained_) break;
    combine(coupled, plan, Direction::backward);
    if (coupled == first_trained_) break;
    team.run(tiles, [&](std::size_t tile, std::size_t /*thread*/) {
      backward_segment(piece, segment, tile);
    });
  }
  return Outcome::done;
}

/// The gradients of all tensors that these rows make, in the tile's own block.
template <typename T>
void Step<T>::row_gradients(std::size_t tile, Range rows) {
  for (const auto& place : network_.tensors()) {
    if (!network_.learns(place)) continue;
    const Tensor& shape = place.shape;
    network_.layers()[place.layer]->gradient(
        cut_rows(passes_[place.layer], rows), place.tensor, {0, shape.rows}, {0, shape.columns},
        T{0}, {row_gradients_[tile].data() + shape.offset, shape.rows, shape.columns});
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
MatrixView<T> Step<T>::gradient_part(const TensorTile& tile) {
  const Tensor& shape = network_.tensors()[tile.place].shape;
  return MatrixView<T>(gradient_.data() + shape.offset, shape.rows, shape.columns)
      .block(tile.rows, tile.columns);
}

template <typename T>
void Step<T>::gradients(std::size_t rows, Gradients what, ThreadTeam& team) {
  const Plan& plan = plan_for(rows);
  team.run(plan.tensor_tiles.size(), [&](std::size_t index, std::size_t thread) {
    const TensorTile& tile = plan.tensor_tiles[index];
    const auto& place = network_.tensors()[tile.place];
    if (plan.gradients_by_rows) {
      const MatrixView<T> sum = sum_of_row_gradients(tile, plan.row_tiles.size());
      if (what == Gradients::update) return update(tile, sum, &tile_penalties_[index]);
      const MatrixView<T> into = gradient_part(tile);
      for (std::size_t r = 0; r < sum.rows; ++r) {
        if (what == Gradients::store) std::fill_n(into.row(r), sum.columns, T{0});
        kernels<T>().elementwise.add(sum.row(r), into.row(r), sum.columns);
      }
      return;
    }
    const MatrixView<T> into =
        what == Gradients::update
            ? MatrixView<T>(scratch_[thread].data(), tile.rows.size(), tile.columns.size())
            : gradient_part(tile);
    network_.layers()[place.layer]->gradient(cut_rows(passes_[place.layer], {0, rows}),
                                             place.tensor, tile.rows, tile.columns,
                                             what == Gradients::add ? T{1} : T{0}, into);
    if (what == Gradients::update) update(tile, into, &tile_penalties_[index]);
  });
}

/// Limits the whole gradient, and finds what its tensors' norms are to be multiplied with.
template <typename T>
void Step<T>::limit_gradient(ThreadTeam& team) {
  const Clipping& clipping = update_.clipping;
  const Plan& plan = plan_for(piece_rows_);
  team.run(plan.tensor_tiles.size(), [&](std::size_t index, std::size_t /*thread*/) {
    const TensorTile& tile = plan.tensor_tiles[index];
    const Tensor& shape = network_.tensors()[tile.place].shape;
    const Penalty penalty = objective_.tensor_penalty(tile.place, batch_weight_);
    const MatrixView<T> part = gradient_part(tile);
    tile_squares_[index] = 0;
    for (std::size_t r = 0; r < part.rows; ++r) {
      if (!clipping.before_penalty && !penalty.is_zero())
        kernels<T>().elementwise.add_penalty_gradient(
            static_cast<T>(2 * penalty.l2), static_cast<T>(penalty.l1),
            parameters_.data() + shape.offset + (tile.rows.begin + r) * shape.columns +
                tile.columns.begin,
            part.row(r), part.columns);
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
    const double norm = std::sqrt(square);
    return norm > limit ? limit / (norm + clipping.epsilon) : 1.0;
  };
  for (std::size_t place = 0; place < tensor_squares_.size(); ++place)
    factors_[place] = static_cast<T>(clipping.global_norm != 0
                                         ? factor(all, clipping.global_norm)
                                         : factor(tensor_squares_[place], clipping.tensor_norm));
  limited_ = true;
}

template <typename T>
void Step<T>::update_all(ThreadTeam& team) {
  const Plan& plan = plan_for(piece_rows_);
  team.run(plan.tensor_tiles.size(), [&](std::size_t index, std::size_t /*thread*/) {
    const TensorTile& tile = plan.tensor_tiles[index];
    update(tile, gradient_part(tile), &tile_penalties_[index]);
  });
}

template <typename T>
void Step<T>::update(const TensorTile& tile, MatrixView<T> gradient, double* penalty_value) {
  const auto& loops = kernels<T>().elementwise;
  const Tensor& shape = network_.tensors()[tile.place].shape;
  const Penalty penalty = objective_.tensor_penalty(tile.place, batch_weight_);
  const Clipping& clipping = update_.clipping;
  const T decay = static_cast<T>(2 * penalty.l2);
  const T lasso = static_cast<T>(penalty.l1);
  const bool clips_penalty = clipping.any() && !clipping.before_penalty;

  ParameterSlice<T> slice{};
  slice.decay =
      (clips_penalty ? T{0} : decay) + static_cast<T>(update_.decoupled ? 0 : update_.weight_decay);
  slice.lasso = clips_penalty ? T{0} : lasso;
  slice.shrink =
      static_cast<T>(update_.decoupled ? 1 - learning_rate_ * update_.weight_decay : 1.0);
  *penalty_value = 0;
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
    if (penalty.l2 != 0)
      *penalty_value += penalty.l2 * loops.sum_of_squares(slice.weights, slice.size);
    if (penalty.l1 != 0)
      *penalty_value += penalty.l1 * loops.sum_of_magnitudes(slice.weights, slice.size);
    if (clipping.any() && !limited_) {
      if (clips_penalty && !penalty.is_zero())
        loops.add_penalty_gradient(decay, lasso, slice.weights, gradient.row(i), slice.size);
      loops.clamp(static_cast<T>(clipping.value), gradient.row(i), slice.size);
    }
    if (limited_ && factors_[tile.place] != 1)
      loops.scale(factors_[tile.place], gradient.row(i), slice.size);
    optimizer_.update(coefficients_, slice);
  }
}

/// The limits of columns' norms, once whole tensors are updated.
template <typename T>
void Step<T>::limit_norms(ThreadTeam& team) {
  constexpr std::size_t most_columns = 256;
  for (std::size_t place = 0; place < update_.max_norms.size(); ++place) {
    if (update_.max_norms[place] == 0 || !network_.learns(network_.tensors()[place])) continue;
    const Tensor& shape = network_.tensors()[place].shape;
    const MatrixView<T> tensor(parameters_.data() + shape.offset, shape.rows, shape.columns);
    team.run((shape.columns + most_columns - 1) / most_columns,
             [&](std::size_t index, std::size_t /*thread*/) {
               const Range columns{index * most_columns,
                                   std::min(shape.columns, (index + 1) * most_columns)};
               kernels<T>().elementwise.limit_column_norms(
                   tensor.block({0, shape.rows}, columns), static_cast<T>(update_.max_norms[place]),
                   static_cast<T>(update_.max_norm_epsilon));
             });
  }
}

template <typename T>
void Step<T>::average(ThreadTeam& team) {
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
typename Step<T>::Outcome Step<T>::train(const Rows& data, std::span<const std::uint32_t> places,
                                         const BatchDraws& draws, double learning_rate,
                                         ThreadTeam& team, Scores& scores) {
  const bool whole = places.size() <= piece_rows_;
  batch_weight_ = objective_.weight(data, places, true);
  learning_rate_ = learning_rate;
  limited_ = false;
  for (std::size_t begin = 0; begin < places.size(); begin += piece_rows_) {
    const auto piece = places.subspan(begin, std::min(piece_rows_, places.size() - begin));
    draws_ = draws;
    draws_.first += begin;
    const Outcome outcome = forward_backward({data, piece, begin, places.size(), batch_weight_,
                                              Purpose::gradient, plan_for(piece.size())},
                                             team, scores);
    if (outcome != Outcome::done) return outcome;
    for (const std::size_t layer : coupled_)
      network_.layers()[layer]->follow(passes_[layer], piece.size(), parameters_.data());
    if (!whole) gradients(piece.size(), begin == 0 ? Gradients::store : Gradients::add, team);
  }
  optimizer_.prepare(update_.optimizer.options.data(), learning_rate, ++state_.steps,
                     state_.scalars, coefficients_);
  if (whole && !update_.clipping.by_norm()) {
    gradients(places.size(), Gradients::update, team);
  } else {
    if (whole) gradients(places.size(), Gradients::store, team);
    if (update_.clipping.by_norm()) limit_gradient(team);
    update_all(team);
  }
  limit_norms(team);
  if (averages_ != nullptr) average(team);
  const Plan& plan = plan_for(whole && !update_.clipping.by_norm() ? places.size() : piece_rows_);
  double penalty = 0;
  for (std::size_t tile = 0; tile < plan.tensor_tiles.size(); ++tile)
    penalty += tile_penalties_[tile];
  scores.penalty += penalty * static_cast<double>(places.size());
  scores.weight += batch_weight_;
  scores.rows += places.size();
  return Outcome::done;
}

template <typename T>
double Step<T>::whole_cost(const Rows& data, std::span<const std::uint32_t> places, Purpose purpose,
                           ThreadTeam& team, Scores& scores) {
  objective_.clear(scores);
  batch_weight_ = objective_.weight(data, places, true);
  for (std::size_t begin = 0; begin < places.size(); begin += piece_rows_) {
    const auto piece = places.subspan(begin, std::min(piece_rows_, places.size() - begin));
    draws_ = {0, 0, begin};
    if (forward_backward(
            {data, piece, begin, places.size(), batch_weight_, purpose, plan_for(piece.size())},
            team, scores) != Outcome::done)
      return NAN;
    if (purpose == Purpose::gradient)
      gradients(piece.size(), begin == 0 ? Gradients::store : Gradients::add, team);
  }
  const double rows = static_cast<double>(places.size());
  scores.rows = places.size();
  scores.weight = batch_weight_;
  scores.penalty += rows * objective_.penalty(parameters_.data(), batch_weight_);
  return (objective_.is_averaged() ? mean_of(scores.loss, batch_weight_) : scores.loss) +
         scores.penalty / rows;
}

template <typename T>
double Step<T>::differentiate(const Rows& data, std::span<const std::uint32_t> places,
                              ThreadTeam& team, Scores& scores) {
  if (gradient_.size() == 0) gradient_ = AlignedBuffer<T>(network_.block_size());
  const double value = whole_cost(data, places, Purpose::gradient, team, scores);
  for (std::size_t place = 0; place < network_.tensors().size(); ++place) {
    const Penalty penalty = objective_.tensor_penalty(place, batch_weight_);
    if (penalty.is_zero() || !network_.learns(network_.tensors()[place])) continue;
    const Tensor& shape = network_.tensors()[place].shape;
    kernels<T>().elementwise.add_penalty_gradient(
        static_cast<T>(2 * penalty.l2), static_cast<T>(penalty.l1),
        parameters_.data() + shape.offset, gradient_.data() + shape.offset, shape.size());
  }
  return value;
}

template <typename T>
double Step<T>::cost(const Rows& data, std::span<const std::uint32_t> places, ThreadTeam& team,
                     Scores& scores) {
  return whole_cost(data, places, Purpose::value, team, scores);
}

template <typename T>
typename Step<T>::Outcome Step<T>::find_non_finite(const Piece& piece) {
  for (std::size_t l = 0; l < passes_.size(); ++l) {
    const MatrixView<T> output = passes_[l].output.row_block({0, piece.places.size()});
    const std::size_t size = output.rows * output.columns;
    const std::size_t first = kernels<T>().elementwise.first_non_finite(output.data, size);
    if (first == size) continue;
    non_finite_ = {l, piece.places[first / output.columns]};
    return Outcome::non_finite;
  }
  non_finite_ = {network_.layers().size(), find_non_finite_loss(piece)};
  return Outcome::non_finite;
}

/// The first row whose own loss is not finite, though its outputs are.
template <typename T>
std::optional<std::uint32_t> Step<T>::find_non_finite_loss(const Piece& piece) {
  std::vector<double> unused(objective_.metric_sum_count());
  for (std::size_t r = 0; r < piece.places.size(); ++r) {
    const Range row{r, r + 1};
    const MatrixView<T> gradient = activations_.output_gradient().row_block(row);
    const bool finite =
        objective_.is_custom()
            ? kernels<T>().elementwise.first_non_finite(gradient.data, gradient.columns) ==
                  gradient.columns
            : std::isfinite(objective_.score(piece.data, targets_, activations_.output(), {}, row,
                                             T{1}, true, unused.data()));
    if (!finite) return piece.places[r];
  }
  return std::nullopt;
}

template class Activations<float>;
template class Activations<double>;
template class Step<float>;
template class Step<double>;

}  // namespace gemmnet
