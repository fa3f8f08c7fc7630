#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/objective.h"
#include "core/plan.h"
#include "core/thread_team.h"

namespace gemmnet {

/// Limits of a gradient; 0: none.
struct Clipping {
  double value = 0;             // of each element's magnitude
  double tensor_norm = 0;       // of each tensor's Euclidean norm
  double global_norm = 0;       // of the norm of all tensors together
  double epsilon = 0;           // added to a norm that is divided by
  bool before_penalty = false;  // the penalties' gradients are added afterwards, as PyTorch does

  [[nodiscard]] bool by_norm() const { return tensor_norm != 0 || global_norm != 0; }
  [[nodiscard]] bool any() const { return by_norm() || value != 0; }
};

/// How a gradient changes the weights. Complete: the core has no defaults.
struct UpdateSettings {
  NamedOptions optimizer;
  double weight_decay = 0;
  bool decoupled =
      true;  // weights shrink by learning rate * decay; else the gradient has decay * w
  Clipping clipping;
  std::vector<double> max_norms;  // per tensor: limits of its columns' norms; 0: none
  double max_norm_epsilon = 0;    // added to a norm that is divided by, within the limit too
};

/// What an optimizer remembers from step to step.
template <typename T>
struct OptimizerState {
  std::vector<AlignedBuffer<T>> slots;  // each like the parameter block; made by the first Step
  double scalars[Optimizer<T>::maximum_scalars] = {};
  std::uint64_t steps = 0;
};

/// Running averages of the weights: average = momentum average + (1 - momentum) weight after each
/// step, beginning with the weights of the first.
template <typename T>
struct WeightAverages {
  double momentum = 0;
  AlignedBuffer<T> block;  // like the parameter block
  bool begun = false;
};

/// Buffers for the way of `rows` rows through a network, forward and back.
template <typename T>
class Activations {
 public:
  Activations() = default;
  Activations(const Network<T>& network, std::size_t rows);

  /// The layers' passes, for weights at `parameters` and draws at `draws`.
  std::span<const LayerPass<T>> link(const T* parameters, const BatchDraws* draws);
  [[nodiscard]] MatrixView<T> input() { return input_.view(); }
  [[nodiscard]] MatrixView<T> output() { return outputs_.back().view(); }
  [[nodiscard]] MatrixView<T> output_gradient() { return gradients_.back().view(); }

 private:
  Matrix<T> input_;
  std::vector<Matrix<T>> outputs_;            // one per layer
  std::vector<Matrix<T>> kept_;               // one per layer, empty where nothing is kept
  std::vector<Matrix<T>> gradients_;          // one per layer
  std::vector<AlignedBuffer<T>> statistics_;  // one per layer, empty where no rows are coupled
  std::vector<bool> coupled_;
  std::vector<LayerPass<T>> passes_;
};

/// One training step, cut into the tiles of a Plan and run by a ThreadTeam. Owns the working
/// weights and the buffers of a batch; a step of a size that was prepared allocates nothing.
///
///   phase 1, by rows of the batch   gather, forward, loss, backward
///   phase 2, by parts of tensors    gradient, and at once the update of the part, still in cache
///
/// Where the plan says so, phase 1 takes the gradients too, and phase 2 adds them up. Where a layer
/// couples the rows of the batch, or the loss is a function of whole batches, phase 1 is cut in
/// stages at that layer. Where the whole gradient must be known before the update (clipping by
/// norm), phase 2 is cut in two.
///
/// A batch of more rows than are in memory at once goes through phase 1 and the gradients piece by
/// piece, adding up, before the update.
template <typename T>
class Step {
 public:
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
  void collect(ScoredRows<T>* rows) { scored_ = rows; }

  /// Where a step found a value that is not finite, in the forward pass.
  struct NonFinite {
    /// The first whose outputs hold one; the number of layers if only the loss does.
    std::size_t layer = 0;
    /// Of the first such row, in the data; none if it is no single row's loss.
    std::optional<std::uint32_t> place;
  };

  enum class Outcome { done, non_finite, stopped };

  /// Loss, gradient and update for the rows at `places`; adds the sums over them to `scores`. If
  /// the loss is not finite, nothing is changed but `non_finite()`.
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
  [[nodiscard]] const NonFinite& non_finite() const { return non_finite_; }

 private:
  enum class Purpose : std::uint8_t { value, gradient };
  enum class Gradients : std::uint8_t { update, store, add };
  using Direction = typename Layer<T>::Direction;

  /// A batch, or a piece of one, on its way.
  struct Piece {
    const Rows& data;
    std::span<const std::uint32_t> places;
    std::size_t first;       // in the batch
    std::size_t batch_rows;  // of the whole batch
    double batch_weight;     // what the whole batch's loss is divided by
    Purpose purpose;
    const Plan& plan;
  };

  const Plan& plan_for(std::size_t rows);
  [[nodiscard]] std::size_t segment_begin(std::size_t segment) const;
  [[nodiscard]] std::size_t segment_end(std::size_t segment) const;

  Outcome forward_backward(const Piece& piece, ThreadTeam& team, Scores& scores);
  void forward_segment(const Piece& piece, std::size_t segment, std::size_t tile);
  void score(const Piece& piece, std::size_t tile);
  bool ask_custom_loss(const Piece& piece, double& loss);
  void backward_segment(const Piece& piece, std::size_t segment, std::size_t tile);
  void combine(std::size_t layer, const Plan& plan, Direction direction);
  void row_gradients(std::size_t tile, Range rows);
  Outcome find_non_finite(const Piece& piece);
  std::optional<std::uint32_t> find_non_finite_loss(const Piece& piece);

  void gradients(std::size_t rows, Gradients what, ThreadTeam& team);
  MatrixView<T> sum_of_row_gradients(const TensorTile& tile, std::size_t row_tiles);
  void limit_gradient(ThreadTeam& team);
  void update_all(ThreadTeam& team);
  void update(const TensorTile& tile, MatrixView<T> gradient, double* penalty);
  void limit_norms(ThreadTeam& team);
  void average(ThreadTeam& team);
  double whole_cost(const Rows& data, std::span<const std::uint32_t> places, Purpose purpose,
                    ThreadTeam& team, Scores& scores);
  [[nodiscard]] MatrixView<T> gradient_part(const TensorTile& tile);

  const Network<T>& network_;
  const Objective<T>& objective_;
  const Optimizer<T>& optimizer_;
  UpdateSettings update_;
  OptimizerState<T>& state_;
  WeightAverages<T>* averages_;
  CustomLoss<T>* custom_loss_;
  ScoredRows<T>* scored_ = nullptr;
  std::vector<std::size_t> coupled_;  // layers that couple rows, in order
  std::size_t first_trained_;         // nothing below this layer learns

  AlignedBuffer<T> parameters_;
  AlignedBuffer<T> gradient_;  // the whole block; allocated where gradients add up or are asked for

  std::size_t piece_rows_;
  BatchDraws draws_;
  Activations<T> activations_;
  std::span<const LayerPass<T>> passes_;
  TargetRows<T> targets_;
  std::vector<Plan> plans_;
  std::vector<AlignedBuffer<T>> scratch_;  // one gradient tile per thread
  std::vector<AlignedBuffer<T>>
      row_gradients_;                        // one block per row tile, where the plan wants them
  std::vector<AlignedBuffer<T>> tile_sums_;  // per row tile: of the layer being coupled
  std::vector<AlignedBuffer<double>> tile_scores_;  // per row tile: loss, activity, then metrics
  std::vector<double> tile_penalties_;  // per tensor tile, of the weights before the update
  std::vector<double> tile_squares_;    // per tensor tile, of the gradient
  std::vector<double> tensor_squares_;  // per tensor, likewise

  // Of the step that is being made:
  T coefficients_[Optimizer<T>::maximum_coefficients] = {};
  double learning_rate_ = 0;
  double batch_weight_ = 1;
  bool limited_ = false;    // gradient_ has the penalties' gradients and its limits
  std::vector<T> factors_;  // per tensor: what clipping multiplies its gradient with
  NonFinite non_finite_;
};

}  // namespace gemmnet
