#pragma once

#include <span>
#include <vector>

#include "core/batch_pass.h"
#include "core/update.h"

namespace gemmnet {

/// One training step, cut into the tiles of a Plan and run by a ThreadTeam. Owns the working
/// weights and the buffers of a batch; a step of a size that was prepared allocates nothing.
///
///   phase 1, by rows of the batch   gather, forward, loss, backward         (BatchPass)
///   phase 2, by parts of tensors    gradient, and at once the update of the part, still in cache
///                                                                           (Update)
///
/// Where the plan says so, phase 1 takes the gradients too, and phase 2 adds them up. Where the
/// whole gradient must be known before the update, phase 2 is cut in two.
///
/// A batch of more rows than are in memory at once goes through phase 1 and the gradients piece by
/// piece, adding up, before the update.
template <typename T>
class Step {
 public:
  using Outcome = typename BatchPass<T>::Outcome;

  /// Rows of an update, and of the pieces that it is taken in.
  struct BatchSize {
    std::size_t rows;
    std::size_t piece;
  };

  /// What is passed by reference must outlive it. `averages` and `custom_loss` may be null, the
  /// latter unless the objective is custom.
  Step(const Network<T>& network, const Objective<T>& objective, const UpdateSettings& update,
       OptimizerState<T>& state, WeightAverages<T>* averages, CustomLoss<T>* custom_loss,
       BatchSize largest, std::size_t threads);

  /// Makes room for batches of `rows` rows.
  void prepare(std::size_t rows);
  /// From now on, `train` writes outputs and targets to `rows`, at their places in the epoch.
  void collect(ScoredRows<T>* rows) { pass_.collect(rows); }

  /// Loss, gradient and update for the rows at `places`; adds the sums over them to `scores`. If
  /// the loss is not finite, the weights stay as they are. If only their penalty is not, which is
  /// known after the update, they are no longer to be used.
  Outcome train(const Rows& data, std::span<const std::uint32_t> places, const BatchDraws& draws,
                double learning_rate, ThreadTeam& team, Scores& scores);

  /// The cost and its gradient, without an update: what `gradient()` then returns. Draws are those
  /// of the place 0 in epoch 0. NaN where the cost is not finite. `scores` receives the sums.
  double differentiate(const Rows& data, std::span<const std::uint32_t> places, ThreadTeam& team,
                       Scores& scores);
  /// The cost alone.
  double cost(const Rows& data, std::span<const std::uint32_t> places, ThreadTeam& team,
              Scores& scores);

  /// The working weights, as the network's block.
  [[nodiscard]] const AlignedBuffer<T>& parameters() const { return parameters_; }
  /// Takes over the values of a block like the network's. (The buffer stays: the passes point at
  /// it.)
  void load(const AlignedBuffer<T>& block);
  void set_parameter(std::size_t index, T value) { parameters_[index] = value; }
  [[nodiscard]] std::span<T> parameter_block() { return {parameters_.data(), parameters_.size()}; }
  [[nodiscard]] const AlignedBuffer<T>& gradient() const { return gradient_; }
  /// Where the loss, the penalty or the cost was found to be not finite.
  [[nodiscard]] const typename BatchPass<T>::NonFinite& non_finite() const { return non_finite_; }

 private:
  enum class Gradients : std::uint8_t { update, store, add };
  enum class Wants : std::uint8_t { value, gradient, training };

  const Plan& plan_for(std::size_t rows);
  /// Whether the gradient of a batch of `rows` rows is stored as a whole before it is applied.
  [[nodiscard]] bool stores(std::size_t rows) const {
    return rows > piece_rows_ || update_.needs_whole_gradient();
  }
  Outcome run_pieces(const Rows& data, std::span<const std::uint32_t> places,
                     const BatchDraws& draws, Wants wants, ThreadTeam& team, Scores& scores);
  double whole_cost(const Rows& data, std::span<const std::uint32_t> places, Wants wants,
                    ThreadTeam& team, Scores& scores);
  void gradients(const Plan& plan, Gradients what, ThreadTeam& team);
  MatrixView<T> sum_of_row_gradients(const TensorTile& tile, std::size_t row_tiles);
  [[nodiscard]] MatrixView<T> gradient_part(const TensorTile& tile);

  const Network<T>& network_;
  const Objective<T>& objective_;
  AlignedBuffer<T> parameters_;
  typename BatchPass<T>::NonFinite non_finite_;
  AlignedBuffer<T> gradient_;  // the whole block; allocated where gradients add up or are asked for
  std::size_t piece_rows_;
  double batch_weight_ = 1;  // what the loss of the batch is divided by
  BatchPass<T> pass_;
  Update<T> update_;
  std::vector<Plan> plans_;
  std::vector<AlignedBuffer<T>> scratch_;  // one gradient tile per thread
};

}  // namespace gemmnet
