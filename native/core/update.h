#pragma once

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

/// How gradients change the weights: penalties, clipping, the optimizer, limits of norms, averages.
template <typename T>
class Update {
 public:
  /// What is passed by reference must outlive it; `averages` may be null. `parameters` are the
  /// weights that it changes.
  Update(const Network<T>& network, const Objective<T>& objective, const UpdateSettings& settings,
         OptimizerState<T>& state, WeightAverages<T>* averages, AlignedBuffer<T>& parameters);

  void prepare(const Plan& plan);

  /// Whether the whole gradient must be known before a part of it is applied.
  [[nodiscard]] bool needs_whole_gradient() const { return settings_.clipping.by_norm(); }

  /// Begins a step for a batch whose loss is divided by `batch_weight`.
  void begin(double learning_rate, double batch_weight);
  /// Limits the whole gradient, a block like the network's, before its parts are applied.
  void limit(AlignedBuffer<T>& gradient, const Plan& plan, ThreadTeam& team);
  /// Applies the gradient of the plan's tensor tile `index`, which it may change.
  void apply(const Plan& plan, std::size_t index, MatrixView<T> gradient);
  /// Ends the step, once all tiles are applied. Returns the penalty of the weights before it.
  double end(const Plan& plan, ThreadTeam& team);
  /// Of that penalty.
  [[nodiscard]] std::size_t most_penalised_layer(const Plan& plan) const;

 private:
  void limit_norms(ThreadTeam& team);
  void average(ThreadTeam& team);

  const Network<T>& network_;
  const Objective<T>& objective_;
  const Optimizer<T>& optimizer_;
  UpdateSettings settings_;
  OptimizerState<T>& state_;
  WeightAverages<T>* averages_;
  AlignedBuffer<T>& parameters_;

  // Of the step that is being made:
  T coefficients_[Optimizer<T>::maximum_coefficients] = {};
  double learning_rate_ = 0;
  double batch_weight_ = 1;
  bool limited_ = false;                // the gradient has the penalties' gradients and its limits
  std::vector<T> factors_;              // per tensor: what clipping multiplies its gradient with
  std::vector<double> tile_penalties_;  // per tensor tile, of the weights before the update
  std::vector<double> tile_squares_;    // per tensor tile, of the gradient
  std::vector<double> tensor_squares_;  // per tensor, likewise
};

}  // namespace gemmnet
