#pragma once

#include <algorithm>
#include <atomic>
#include <memory>
#include <optional>
#include <vector>

#include "core/inference.h"
#include "core/quasi_newton/methods.h"
#include "core/row_queue.h"
#include "core/schedules.h"
#include "core/step.h"

namespace gemmnet {

/// One way to train for a number of epochs.
struct PhaseSettings {
  UpdateSettings update;  // its optimizer is a row of optimizers, or of quasi_newton_methods
  std::optional<ScheduleSettings> schedule;  // none: the FitObserver is asked for each step's rate
  std::size_t epochs = 0;                    // 0: no end
  std::size_t batch_size = 0;
  std::size_t accumulate = 1;  // batches whose gradients make one update
};

/// How a Trainer trains. Complete: the core has no defaults.
struct TrainerSettings {
  ObjectiveSettings objective;
  std::vector<PhaseSettings> phases;  // one after the other; the last has no end
  double average_momentum = 0;        // of running averages of the weights; 0: none
  bool shuffle = true;
  std::uint64_t seed = 0;
  std::size_t threads = 0;  // 0: by the work in a step (plan.h) and what else runs (ThreadBudget)
};

/// Rows that come while they are trained on. No method that needs all of them at once takes it.
struct StreamSettings {
  std::shared_ptr<RowQueue> rows;
  std::size_t epoch_rows = 0;      // of an epoch; 0: nobody knows before it ends
  std::size_t shuffle_buffer = 0;  // rows that an order is drawn over; 0: they stay in theirs
};

/// What one fit is given.
struct FitSettings {
  std::optional<Dataset> train;  // none: a stream
  std::vector<Dataset> validations;
  std::size_t epochs = 0;
  std::size_t batch_report_interval = 0;  // batches from one batch report to the next; 0: none
  StreamSettings stream = {};
};

/// Loss and metrics as the user sees them: means over rows, or sums where the cost is a sum.
struct EpochReport {
  std::uint64_t epoch = 0;  // from 1, over the Trainer's life
  std::size_t phase = 0;
  std::size_t threads = 0;  // that trained; no result depends on it
  /// Running means over the epoch, from before each step's update; of a quasi-Newton iteration, the
  /// point that it moved to.
  Scores train;
  std::vector<Scores> validations;
  double learning_rate = 0;       // of the last step; 0 for a quasi-Newton method
  std::uint64_t evaluations = 0;  // of the cost, by a quasi-Newton method, in this epoch
  double seconds = 0;             // of training, without validation
  double rows_per_second = 0;     // likewise
};

struct BatchReport {
  std::uint64_t epoch = 0;
  std::size_t batch = 0;    // from 1
  std::size_t batches = 0;  // 0: not known yet
  double loss = 0;          // of this batch, without the penalties
  double penalty = 0;       // before its update, too
  double learning_rate = 0;
};

/// Told of a fit's progress, and asked what the core does not know, on the fit's thread.
class FitObserver {
 public:
  virtual ~FitObserver() = default;
  virtual void epoch_ended(const EpochReport& report) = 0;
  virtual void batch_ended(const BatchReport& report) = 0;
  /// The learning rate of a step; both count from 0 over the phase. False: no answer, the training
  /// is to end.
  virtual bool ask_learning_rate(std::size_t phase, std::uint64_t epoch, std::uint64_t step,
                                 double& rate) = 0;
  /// Asked after each step.
  [[nodiscard]] virtual bool stop_requested() const = 0;
};

struct FitOutcome {
  enum class Reason : std::uint8_t {
    finished,
    converged,  // a quasi-Newton method, in the last phase: there is nowhere lower to go
    stopped,
    non_finite_loss,
    non_finite_weights
  };
  Reason reason = Reason::finished;
  // Where a value was not finite, the step:
  std::uint64_t epoch = 0;
  std::size_t batch = 0;
  // The first with such outputs, weights, or penalties of them; or the number of layers.
  std::size_t layer = 0;
  // The first with such outputs, or such a loss; none of a penalty. In a stream, its number.
  std::optional<std::uint64_t> row = std::nullopt;
};

/// What outlives a fit, so that a second one goes on where the first ended.
template <typename T>
struct TrainerState {
  struct Phase {
    OptimizerState<T> optimizer;
    std::unique_ptr<QuasiNewton<T>> quasi_newton;
  };
  std::vector<Phase> phases;
  std::size_t phase = 0;  // the current one
  std::uint64_t phase_epochs = 0;
  bool phase_ended = false;  // a quasi-Newton method found nowhere lower to go
  std::uint64_t epochs = 0;
  /// What schedules' rates are multiplied with; set from another thread.
  std::atomic<double> rate_factor{1};
  WeightAverages<T> averages;
  /// With averages: the weights that training goes on from, if the network still has those that
  /// were published with them.
  AlignedBuffer<T> weights;
  std::uint64_t published_version = 0;
  /// What a quasi-Newton method has learned is about these rows, and these tensors.
  std::optional<Dataset> train;
  std::vector<bool> learned;
};

/// Trains one network.
template <typename T>
class Trainer {
 public:
  /// Throws std::invalid_argument for a name that no table has, or for a network with more
  /// parameters than a quasi-Newton method takes.
  Trainer(std::shared_ptr<Network<T>> network, const TrainerSettings& settings);

  [[nodiscard]] const std::shared_ptr<Network<T>>& network() const { return network_; }

  /// Runs epochs on the calling thread and its own team until done or stopped. The network gets
  /// the weights of each finished epoch, and of the last finished step at the end, if finite. The
  /// caller has marked the network as training. `custom_loss` is null unless the objective has one.
  FitOutcome fit(const FitSettings& settings, FitObserver& observer, CustomLoss<T>* custom_loss);

  /// Scores of the network's published weights; meaningless if stopped.
  Scores evaluate(const Dataset& data, const typename Inference<T>::Stop& stop) const;

  /// Multiplies the rates of all schedules from the next step on.
  void scale_learning_rate(double factor) {
    state_.rate_factor.store(state_.rate_factor.load() * factor);
  }

  /// What is kept between fits.
  [[nodiscard]] std::size_t bytes() const;

 private:
  std::shared_ptr<Network<T>> network_;
  TrainerSettings settings_;
  Objective<T> objective_;
  TrainerState<T> state_;
};

/// Threads for work of `tiles` tiles on `rows` rows: `wanted`, or where that is 0, by the work.
template <typename T>
std::size_t threads_for(const Network<T>& network, std::size_t wanted, std::size_t rows,
                        std::size_t tiles) {
  if (wanted == 0) return default_threads(network, rows, tiles);
  return std::clamp<std::size_t>(tiles, 1, wanted);
}

}  // namespace gemmnet
