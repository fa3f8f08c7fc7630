#include "core/step.h"

#include <algorithm>
#include <cmath>

namespace gemmnet {

template <typename T>
Step<T>::Step(const Network<T>& network, const Objective<T>& objective,
              const UpdateSettings& update, OptimizerState<T>& state, WeightAverages<T>* averages,
              CustomLoss<T>* custom_loss, BatchSize largest, std::size_t threads)
    : network_(network),
      objective_(objective),
      parameters_(network.block_size()),
      piece_rows_(std::min(largest.rows, largest.piece)),
      pass_(network, objective, custom_loss, parameters_.data(), piece_rows_),
      update_(network, objective, update, state, averages, parameters_),
      scratch_(threads) {
  if (largest.rows > piece_rows_ || update_.needs_whole_gradient())
    gradient_ = AlignedBuffer<T>(network.block_size());
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
  pass_.prepare(plan);
  update_.prepare(plan);
  std::size_t largest = 0;
  for (const TensorTile& tile : plan.tensor_tiles) largest = std::max(largest, tile.size());
  for (AlignedBuffer<T>& buffer : scratch_)
    if (buffer.size() < largest) buffer = AlignedBuffer<T>(largest);
  return plan;
}

/// Adds up a part of the row tiles' gradients, in their order, in the first one's block.
template <typename T>
MatrixView<T> Step<T>::sum_of_row_gradients(const TensorTile& tile, std::size_t row_tiles) {
  const Tensor& shape = network_.tensors()[tile.place].shape;
  const auto part = [&](std::size_t row_tile) {
    return shape.view(pass_.row_gradients(row_tile).data()).block(tile.rows, tile.columns);
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
  return shape.view(gradient_.data()).block(tile.rows, tile.columns);
}

template <typename T>
void Step<T>::gradients(const Plan& plan, Gradients what, ThreadTeam& team) {
  team.run(plan.cost_before, [&](std::size_t index, std::size_t thread) {
    const TensorTile& tile = plan.tensor_tiles[index];
    const auto& place = network_.tensors()[tile.place];
    if (plan.gradients_by_rows) {
      const MatrixView<T> sum = sum_of_row_gradients(tile, plan.row_tiles.size());
      if (what == Gradients::update) return update_.apply(plan, index, sum);
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
    network_.layers()[place.layer]->gradient(pass_.pass(place.layer), place.tensor, tile.rows,
                                             tile.columns, what == Gradients::add ? T{1} : T{0},
                                             into);
    if (what == Gradients::update) update_.apply(plan, index, into);
  });
}

/// Takes a batch through phase 1, piece by piece; stores their gradients, added up, where they must
/// be known as a whole.
template <typename T>
typename Step<T>::Outcome Step<T>::run_pieces(const Rows& data,
                                              std::span<const std::uint32_t> places,
                                              const BatchDraws& draws, Wants wants,
                                              ThreadTeam& team, Scores& scores) {
  batch_weight_ = objective_.weight(data, places, true);
  for (std::size_t begin = 0; begin < places.size(); begin += piece_rows_) {
    const auto piece = places.subspan(begin, std::min(piece_rows_, places.size() - begin));
    const Plan& plan = plan_for(piece.size());
    const BatchDraws piece_draws{draws.seed, draws.epoch, draws.first + begin};
    const Outcome outcome =
        pass_.run({data, piece, piece_draws, places.size(), batch_weight_, wants != Wants::value},
                  plan, team, scores);
    if (outcome == Outcome::non_finite) non_finite_ = pass_.non_finite();
    if (outcome != Outcome::done) return outcome;
    if (wants == Wants::training) pass_.follow(piece.size(), parameters_.data());
    if (wants == Wants::gradient || (wants == Wants::training && stores(places.size())))
      gradients(plan, begin == 0 ? Gradients::store : Gradients::add, team);
  }
  return Outcome::done;
}

template <typename T>
typename Step<T>::Outcome Step<T>::train(const Rows& data, std::span<const std::uint32_t> places,
                                         const BatchDraws& draws, double learning_rate,
                                         ThreadTeam& team, Scores& scores) {
  const Outcome outcome = run_pieces(data, places, draws, Wants::training, team, scores);
  if (outcome != Outcome::done) return outcome;
  const Plan& plan = plan_for(std::min(places.size(), piece_rows_));
  update_.begin(learning_rate, batch_weight_);
  if (stores(places.size())) {
    if (update_.needs_whole_gradient()) update_.limit(gradient_, plan, team);
    team.run(plan.cost_before, [&](std::size_t index, std::size_t /*thread*/) {
      update_.apply(plan, index, gradient_part(plan.tensor_tiles[index]));
    });
  } else {
    gradients(plan, Gradients::update, team);
  }
  scores.penalty += update_.end(plan, team) * static_cast<double>(places.size());
  scores.weight += batch_weight_;
  scores.rows += places.size();
  if (std::isfinite(scores.penalty)) return Outcome::done;
  non_finite_ = {update_.most_penalised_layer(plan), std::nullopt};
  return Outcome::non_finite_penalty;
}

template <typename T>
double Step<T>::whole_cost(const Rows& data, std::span<const std::uint32_t> places, Wants wants,
                           ThreadTeam& team, Scores& scores) {
  objective_.clear(scores);
  non_finite_ = {network_.layers().size(), std::nullopt};  // as long as nothing else is found
  if (run_pieces(data, places, {}, wants, team, scores) != Outcome::done) return NAN;
  const double rows = static_cast<double>(places.size());
  scores.rows = places.size();
  scores.weight = batch_weight_;
  scores.penalty += rows * objective_.penalty(parameters_.data(), batch_weight_);
  if (!std::isfinite(scores.penalty)) {
    double largest = 0;
    for (std::size_t place = 0; place < network_.tensors().size(); ++place) {
      const double penalty = objective_.penalty(place, parameters_.data(), batch_weight_);
      if (penalty <= largest) continue;
      largest = penalty;
      non_finite_.layer = network_.tensors()[place].layer;
    }
    return NAN;
  }
  return (objective_.is_averaged() ? mean_of(scores.loss, batch_weight_) : scores.loss) +
         scores.penalty / rows;
}

template <typename T>
double Step<T>::differentiate(const Rows& data, std::span<const std::uint32_t> places,
                              ThreadTeam& team, Scores& scores) {
  if (gradient_.size() == 0) gradient_ = AlignedBuffer<T>(network_.block_size());
  const double value = whole_cost(data, places, Wants::gradient, team, scores);
  for (std::size_t place = 0; place < network_.tensors().size(); ++place) {
    if (!network_.learns(network_.tensors()[place])) continue;
    const Tensor& shape = network_.tensors()[place].shape;
    objective_.tensor_penalty(place, batch_weight_)
        .add_gradient(parameters_.data() + shape.offset, T{1}, gradient_.data() + shape.offset,
                      shape.size());
  }
  return value;
}

template <typename T>
double Step<T>::cost(const Rows& data, std::span<const std::uint32_t> places, ThreadTeam& team,
                     Scores& scores) {
  return whole_cost(data, places, Wants::value, team, scores);
}

template class Step<float>;
template class Step<double>;

}  // namespace gemmnet
