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
  double loss = 0;     // of the data, without the penalty
  double penalty = 0;  // of the weights
  std::vector<double> metric_sums;
  std::vector<double> metrics;

  void clear(std::size_t metric_sum_count) {
    loss = 0;
    penalty = 0;
    metric_sums.assign(metric_sum_count, 0);
  }
};

/// What an objective is made from. Complete: the core has no defaults.
struct ObjectiveSettings {
  std::string loss;
  std::vector<double> loss_options;
  std::vector<std::string> metrics;
  std::vector<double> l2;  // per tensor of the network: the cost has l2 * sum of squares
};

/// The targets of some rows, gathered, in the form that an objective reads.
template <typename T>
class TargetRows {
 public:
  TargetRows() = default;
  TargetRows(std::size_t rows, std::size_t outputs)
      : dense_(rows, outputs), labels_(rows), weights_(rows) {}

 private:
  template <typename U>
  friend class Objective;

  Matrix<T> dense_;
  AlignedBuffer<std::int32_t> labels_;
  AlignedBuffer<T> weights_;
};

/// What training makes small: a loss of the network's outputs, fused with the output activation
/// where the two have a closed form, and a penalty of the weights; with metrics beside it.
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
  /// True if the cost is a mean over rows, false if a sum.
  [[nodiscard]] bool is_averaged() const { return loss_.averaged; }
  /// Sums that all metrics together keep.
  [[nodiscard]] std::size_t metric_sum_count() const { return metric_sum_count_; }
  void merge_metrics(const double* from, double* into) const;
  /// The values of all metrics, one after the other.
  [[nodiscard]] std::vector<double> finish_metrics(const double* sums) const;
  [[nodiscard]] double l2(std::size_t place) const { return l2_[place]; }

  /// Fetches the targets of the rows at `places` of `data` into rows `rows` of `into`.
  void gather(const Rows& data, std::span<const std::uint32_t> places, Range rows,
              TargetRows<T>& into) const;

  /// The sum over rows `rows` of the loss; adds them to the metrics' sums. `outputs` holds what the
  /// forward pass left; with a fused loss it is replaced by the activation's values. `gradient`, if
  /// it has data, receives dC/doutputs (dC/dlogits where fused) times `scale`.
  void score(const Rows& data, const TargetRows<T>& targets, MatrixView<T> outputs,
             MatrixView<T> gradient, Range rows, T scale, double* loss, double* metric_sums) const;

  /// The penalty of the weights in `block`.
  [[nodiscard]] double penalty(const T* block) const;

 private:
  [[nodiscard]] bool passes_labels(const Rows& data) const;

  const Network<T>& network_;
  const Loss<T>& loss_;
  std::vector<double> loss_options_;
  bool fused_;
  std::vector<const Metric<T>*> metrics_;
  std::size_t metric_sum_count_ = 0;
  std::vector<double> l2_;
};

}  // namespace gemmnet
