#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "core/inference.h"
#include "core/step.h"

namespace gemmnet {

/// How a Trainer trains. Complete: the core has no defaults.
struct TrainerSettings {
  ObjectiveSettings objective;
  OptimizerSettings optimizer;
  double learning_rate = 0;
  std::size_t batch_size = 0;
  bool shuffle = true;
  std::uint64_t seed = 0;
  std::size_t threads = 0;  // 0: by the work in a step (plan.h)
};

/// What one fit is given.
struct FitSettings {
  Dataset train;
  std::vector<Dataset> validations;
  std::size_t epochs = 0;
  std::size_t batch_report_interval = 0;  // batches from one batch report to the next; 0: none
};

/// Loss and metrics as the user sees them: means over rows, or sums where the cost is a sum.
struct EpochReport {
  std::uint64_t epoch = 0;  // from 1, over the Trainer's life
  Scores train;             // running means over the epoch, from before each step's update
  std::vector<Scores> validations;
  double learning_rate = 0;
  double seconds = 0;          // of training, without validation
  double rows_per_second = 0;  // likewise
};

struct BatchReport {
  std::uint64_t epoch = 0;
  std::size_t batch = 0;  // from 1
  std::size_t batches = 0;
  double loss = 0;  // of this batch, with the penalty
};

/// Told of a fit's progress, on the fit's thread.
class FitObserver {
 public:
  virtual ~FitObserver() = default;
  virtual void epoch_ended(const EpochReport& report) = 0;
  virtual void batch_ended(const BatchReport& report) = 0;
  /// Asked after each step.
  [[nodiscard]] virtual bool stop_requested() const = 0;
};

struct FitOutcome {
  enum class Reason { finished, stopped, non_finite_loss, non_finite_weights };
  Reason reason = Reason::finished;
  // Where a value was not finite, the step:
  std::uint64_t epoch = 0;
  std::size_t batch = 0;
  std::size_t layer = 0;    // the first with such outputs, or such weights; or the number of layers
  std::uint32_t place = 0;  // of the first row with such outputs, in the data
};

/// Trains one network. Keeps what outlives a fit: the optimizer's state and the count of epochs.
template <typename T>
class Trainer {
 public:
  /// Throws std::invalid_argument for a name that no table has.
  Trainer(std::shared_ptr<Network<T>> network, const TrainerSettings& settings);

  [[nodiscard]] const std::shared_ptr<Network<T>>& network() const { return network_; }

  /// Runs epochs on the calling thread and its own team until done or stopped. The network gets
  /// the weights of each finished epoch, and of the last finished step at the end, if finite. The
  /// caller has marked the network as training.
  FitOutcome fit(const FitSettings& settings, FitObserver& observer);

  /// Scores of the network's published weights.
  Scores evaluate(const Dataset& data, const typename Inference<T>::Stop& stop) const;

  /// What is kept between fits.
  [[nodiscard]] std::size_t bytes() const;

 private:
  [[nodiscard]] std::size_t threads_for(std::size_t rows, std::size_t tiles) const;
  /// Gives the network these weights; false if one is not finite, and then it keeps its own.
  bool publish_finite(const AlignedBuffer<T>& block);
  /// Makes sums over `rows` rows what is reported: means, but for the loss of a cost that is a sum.
  void average(Scores& sums, std::size_t rows) const;
  void evaluate_on(const T* block, const Dataset& data, Inference<T>& inference, ThreadTeam& team,
                   const typename Inference<T>::Stop& stop, Scores& scores) const;

  std::shared_ptr<Network<T>> network_;
  TrainerSettings settings_;
  Objective<T> objective_;
  OptimizerState<T> state_;
  std::uint64_t epochs_ = 0;
};

}  // namespace gemmnet
