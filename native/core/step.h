#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/objective.h"
#include "core/plan.h"
#include "core/thread_team.h"

namespace gemmnet {

/// What an update rule is made from. Complete: the core has no defaults.
struct OptimizerSettings {
  std::string name;
  std::vector<double> options;
};

/// What an optimizer remembers from step to step.
template <typename T>
struct OptimizerState {
  std::vector<AlignedBuffer<T>> slots;  // each like the parameter block; made by the first Step
  double scalars[Optimizer<T>::maximum_scalars] = {};
  std::uint64_t steps = 0;
};

/// Buffers for the way of `rows` rows through a network, forward and back.
template <typename T>
class Activations {
 public:
  Activations() = default;
  Activations(const Network<T>& network, std::size_t rows);

  /// The layers' passes, for weights at `parameters`.
  std::span<const LayerPass<T>> link(const T* parameters);
  [[nodiscard]] MatrixView<T> input() { return input_.view(); }
  [[nodiscard]] MatrixView<T> output() { return outputs_.back().view(); }
  [[nodiscard]] MatrixView<T> output_gradient() { return gradients_.back().view(); }

 private:
  Matrix<T> input_;
  std::vector<Matrix<T>> outputs_;    // one per layer
  std::vector<Matrix<T>> weighted_;   // one per layer, empty where `outputs_` serves
  std::vector<Matrix<T>> gradients_;  // one per layer
  std::vector<LayerPass<T>> passes_;
};

/// One training step, cut into the tiles of a Plan and run by a ThreadTeam. Owns the working
/// weights and the buffers of a batch; a step of a size that was prepared allocates nothing.
///
///   phase 1, by rows of the batch   gather, forward, loss, backward
///   phase 2, by parts of tensors    gradient, and at once the update of the part, still in cache
///
/// Where the plan says so, phase 1 takes the gradients too, and phase 2 adds them up.
///
/// A batch of more than maximum_step_rows rows goes through phase 1 and the gradients piece by
/// piece, adding up, before the update.
template <typename T>
class Step {
 public:
  /// `network`, `objective` and `state` must outlive it.
  Step(const Network<T>& network, const Objective<T>& objective, const OptimizerSettings& optimizer,
       OptimizerState<T>& state, std::size_t largest_batch, std::size_t threads);

  /// Makes room for batches of `rows` rows.
  void prepare(std::size_t rows);

  /// Where a step found a value that is not finite, in the forward pass.
  struct NonFinite {
    std::size_t layer =
        0;  // the first whose outputs hold one; the number of layers if only the loss does
    std::uint32_t place = 0;  // of the first such row, in the data
  };

  /// Loss, gradient and update for the rows at `places`; adds the sums over them to `scores`.
  /// Returns false, with nothing changed but `non_finite()`, if the loss is not finite.
  bool train(const Rows& data, std::span<const std::uint32_t> places, double learning_rate,
             ThreadTeam& team, Scores& scores);

  /// The cost and its gradient, without an update: what `gradient()` then returns.
  double differentiate(const Rows& data, std::span<const std::uint32_t> places, ThreadTeam& team);
  /// The cost alone.
  double cost(const Rows& data, std::span<const std::uint32_t> places, ThreadTeam& team);

  /// The working weights, as the network's block.
  [[nodiscard]] const AlignedBuffer<T>& parameters() const { return parameters_; }
  /// Takes over the values of a block like the network's. (The buffer stays: the passes point at
  /// it.)
  void load(const AlignedBuffer<T>& block);
  void set_parameter(std::size_t index, T value) { parameters_[index] = value; }
  [[nodiscard]] const AlignedBuffer<T>& gradient() const { return gradient_; }
  [[nodiscard]] const NonFinite& non_finite() const { return non_finite_; }

 private:
  enum class Purpose { value, gradient };
  enum class Gradients { update, store, add };

  const Plan& plan_for(std::size_t rows);
  bool forward_backward(const Rows& data, std::span<const std::uint32_t> places,
                        std::size_t batch_rows, Purpose purpose, ThreadTeam& team, Scores& scores);
  void row_gradients(std::size_t tile, Range rows);
  void gradients(std::size_t rows, Gradients what, ThreadTeam& team);
  MatrixView<T> sum_of_row_gradients(const TensorTile& tile, std::size_t row_tiles);
  void update_all(ThreadTeam& team);
  void update(const TensorTile& tile, MatrixView<const T> gradient, double* penalty);
  void find_non_finite(std::span<const std::uint32_t> places);
  double whole_cost(const Rows& data, std::span<const std::uint32_t> places, Purpose purpose,
                    ThreadTeam& team);

  const Network<T>& network_;
  const Objective<T>& objective_;
  const Optimizer<T>& optimizer_;
  std::vector<double> optimizer_options_;
  T coefficients_[Optimizer<T>::maximum_coefficients] = {};
  OptimizerState<T>& state_;

  AlignedBuffer<T> parameters_;
  AlignedBuffer<T> gradient_;  // the whole block; allocated where gradients add up or are asked for

  std::size_t piece_rows_;
  Activations<T> activations_;
  std::span<const LayerPass<T>> passes_;
  TargetRows<T> targets_;
  std::vector<Plan> plans_;
  std::vector<AlignedBuffer<T>> scratch_;  // one gradient tile per thread
  std::vector<AlignedBuffer<T>>
      row_gradients_;  // one block per row tile, where the plan wants them
  std::vector<AlignedBuffer<double>> tile_scores_;  // per row tile: loss, then metrics
  std::vector<double> tile_penalties_;  // per tensor tile, of the weights before the update
  NonFinite non_finite_;
};

}  // namespace gemmnet
