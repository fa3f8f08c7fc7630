#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/dataset.h"
#include "core/metrics.h"
#include "core/network.h"

namespace gemmnet {

/// Loss and metrics of some rows: first the sums that rows are added to, then the values.
struct Scores {
  double loss = 0;     // of the data, without the penalties
  double penalty = 0;  // of the weights, and of the layers' outputs
  double weight = 0;   // what `loss` is divided by where it is a mean
  std::size_t rows = 0;
  std::vector<double> metric_sums;
  std::vector<double> metrics;
};

/// strength l1 * sum of magnitudes + l2 * sum of squares
struct Penalty {
  double l1 = 0;
  double l2 = 0;

  [[nodiscard]] bool is_zero() const { return l1 == 0 && l2 == 0; }
  template <typename T>
  [[nodiscard]] double of(const T* values, std::size_t size) const {
    double sum = 0;
    if (l1 != 0) sum += l1 * kernels<T>().elementwise.sum_of_magnitudes(values, size);
    if (l2 != 0) sum += l2 * kernels<T>().elementwise.sum_of_squares(values, size);
    return sum;
  }
  /// Adds its gradient times `scale`.
  template <typename T>
  void add_gradient(const T* values, T scale, T* gradient, std::size_t size) const {
    if (is_zero()) return;
    kernels<T>().elementwise.add_penalty_gradient(
        static_cast<T>(2 * l2) * scale, static_cast<T>(l1) * scale, values, gradient, size);
  }
};

/// What an objective is made from. Complete: the core has no defaults.
struct ObjectiveSettings {
  NamedOptions loss;  // no name: a function of whole batches that the caller has (CustomLoss)
  std::vector<NamedOptions> metrics;
  std::vector<Penalty> tensor_penalties;    // one per tensor of the network
  std::vector<Penalty> activity_penalties;  // one per layer, of its outputs; a mean over rows
  /// scikit-learn's: the tensors' penalties are divided by what a batch's loss is divided by.
  bool penalty_per_row = false;
  /// A mean is the weighted sum over the sum of weights, not over the number of rows.
  bool mean_over_weights = false;
  /// In training, the weight of a row is multiplied with its class's; empty: 1.
  std::vector<double> class_weights;
};

/// The targets of some rows, gathered, in the form that an objective reads.
template <typename T>
class TargetRows {
 public:
  TargetRows() = default;
  TargetRows(std::size_t rows, std::size_t outputs)
      : dense_(rows, outputs), labels_(rows), weights_(rows), class_weights_(rows) {}

  /// Begins with those of `from`, which has no more rows.
  void take_over(const TargetRows& from);

 private:
  template <typename U>
  friend class Objective;

  Matrix<T> dense_;
  AlignedBuffer<std::int32_t> labels_;
  AlignedBuffer<T> weights_;        // of the rows
  AlignedBuffer<T> class_weights_;  // times those of their classes
};

/// Outputs and targets of all rows of an epoch or of a data set, for metrics that need them at
/// once.
template <typename T>
struct ScoredRows {
  Matrix<T> outputs;
  TargetRows<T> targets;

  ScoredRows() = default;
  ScoredRows(std::size_t rows, std::size_t columns)
      : outputs(rows, columns), targets(rows, columns) {}

  /// Makes room for `rows` rows, and keeps those that are there.
  void reserve(std::size_t rows, std::size_t columns);
};

/// The mean of rows that weigh `weight` together, from their sum; 0 where none weighs anything.
inline double mean_of(double sum, double weight) { return weight == 0 ? 0 : sum / weight; }

/// A cost of whole batches that is not in the table of losses.
template <typename T>
class CustomLoss {
 public:
  virtual ~CustomLoss() = default;
  /// The cost of these rows and its gradient. False: no answer, the training is to end.
  virtual bool compute(const Predictions<T>& rows, double& value, MatrixView<T> gradient) = 0;
};

/// What training makes small: a loss of the network's outputs, fused with the output activation
/// where the two have a closed form, and penalties of weights and of layers' outputs; with metrics
/// beside it.
template <typename T>
class Objective {
 public:
  /// Throws std::invalid_argument for a name that no table has.
  Objective(const Network<T>& network, const ObjectiveSettings& settings);

  /// Where the last layer's forward pass has to end for this loss.
  [[nodiscard]] typename Layer<T>::Ending ending() const {
    return fused_ ? Layer<T>::Ending::logits : Layer<T>::Ending::activation;
  }
  [[nodiscard]] bool is_fused() const { return fused_; }
  /// True if the loss is somebody else's function of whole batches.
  [[nodiscard]] bool is_custom() const { return loss_ == nullptr; }
  /// True if the cost is a mean over rows, false if a sum.
  [[nodiscard]] bool is_averaged() const { return loss_ == nullptr || loss_->averaged; }
  /// True if the loss is a sum of squares of outputs less targets.
  [[nodiscard]] bool is_squared_error() const { return loss_ != nullptr && loss_->squared; }
  /// Then: what a row's loss multiplies their squares with.
  [[nodiscard]] double residual_scale() const;
  /// True if a metric needs all rows at once: `finish` then wants them in `all`.
  [[nodiscard]] bool needs_all_rows() const { return needs_all_rows_; }

  [[nodiscard]] const Penalty& activity_penalty(std::size_t layer) const {
    return settings_.activity_penalties[layer];
  }
  /// The penalty of a tensor in a batch whose loss is divided by `weight`.
  [[nodiscard]] Penalty tensor_penalty(std::size_t place, double weight) const;

  /// What the loss of these rows is divided by where it is a mean.
  [[nodiscard]] double weight(const Rows& data, std::span<const std::uint32_t> places,
                              bool training) const;

  /// Fetches the targets of the rows at `places` of `data` into rows `rows` of `into`.
  void gather(const Rows& data, std::span<const std::uint32_t> places, Range rows,
              TargetRows<T>& into) const;

  /// The sum over rows `rows` of the loss; adds them to the metrics' sums. `outputs` holds what the
  /// forward pass left; with a fused loss it is replaced by the activation's values. `gradient`, if
  /// it has data, receives dC/doutputs (dC/dlogits where fused) times `scale`. `training`: with the
  /// weights of classes.
  double score(const Rows& data, const TargetRows<T>& targets, MatrixView<T> outputs,
               MatrixView<T> gradient, Range rows, T scale, bool training,
               double* metric_sums) const;

  /// Rows `rows` as metrics and a custom loss see them.
  [[nodiscard]] Predictions<T> predictions(const Rows& data, const TargetRows<T>& targets,
                                           MatrixView<const T> outputs, Range rows) const;

  /// Weights of the rows `rows` that were gathered, or null where all are 1. `training`: times
  /// those of their classes.
  [[nodiscard]] const T* weights(const Rows& data, const TargetRows<T>& targets, Range rows,
                                 bool training) const;

  /// Adds up the activity penalty of a layer over the rows of `outputs`.
  [[nodiscard]] double activity(std::size_t layer, MatrixView<const T> outputs) const;
  /// Adds its gradient, `scale` being one over the batch's rows.
  void add_activity_gradient(std::size_t layer, MatrixView<const T> outputs, T scale,
                             MatrixView<T> gradient) const;

  /// The penalty of the weights in `block`, in a batch whose loss is divided by `weight`.
  [[nodiscard]] double penalty(const T* block, double weight) const;
  /// That of one tensor.
  [[nodiscard]] double penalty(std::size_t place, const T* block, double weight) const;

  /// Sums that all metrics together keep.
  [[nodiscard]] std::size_t metric_sum_count() const { return metric_sum_count_; }
  void merge_metrics(const double* from, double* into) const;
  void clear(Scores& scores) const;
  /// Makes the sums in `scores` what is reported: means, but for the loss of a cost that is a sum.
  /// `all`: all rows, where needs_all_rows.
  void finish(Scores& scores, const Predictions<T>& all) const;

 private:
  struct ChosenMetric {
    const Metric<T>* row;
    std::vector<double> options;
    std::size_t sums;
  };

  [[nodiscard]] bool passes_labels(const Rows& data) const;
  [[nodiscard]] double class_weight(const Rows& data, std::uint32_t place) const;

  const Network<T>& network_;
  ObjectiveSettings settings_;
  const Loss<T>* loss_;  // null: custom
  bool fused_ = false;
  std::vector<ChosenMetric> metrics_;
  std::size_t metric_sum_count_ = 0;
  bool needs_all_rows_ = false;
};

}  // namespace gemmnet
