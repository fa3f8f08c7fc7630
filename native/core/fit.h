#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <vector>

#include "core/full_batch_cost.h"
#include "core/row_stage.h"
#include "core/thread_budget.h"
#include "core/trainer.h"

namespace gemmnet {

/// One fit of a Trainer: epochs until done or stopped, with all memory they need.
template <typename T>
class Fit {
 public:
  /// All must outlive it.
  Fit(Network<T>& network, const Objective<T>& objective, const TrainerSettings& trainer,
      TrainerState<T>& state, const FitSettings& settings, FitObserver& observer,
      CustomLoss<T>* custom_loss);

  FitOutcome run();

 private:
  using Clock = std::chrono::steady_clock;
  using Reason = FitOutcome::Reason;

  /// What one epoch came to: nothing, if the training goes on.
  using Ending = std::optional<FitOutcome>;

  void begin_phase();
  [[nodiscard]] const PhaseSettings& phase() const { return trainer_.phases[state_.phase]; }
  [[nodiscard]] typename TrainerState<T>::Phase& phase_state() {
    return state_.phases[state_.phase];
  }
  [[nodiscard]] bool is_last_phase() const { return state_.phase + 1 == trainer_.phases.size(); }
  [[nodiscard]] std::size_t epoch_rows() const;
  [[nodiscard]] std::size_t batches() const;
  [[nodiscard]] std::size_t most_threads() const;
  [[nodiscard]] typename Step<T>::BatchSize batch_size(const PhaseSettings& phase) const;

  void follow_share();
  Ending run_epoch();
  Ending run_batches(std::uint64_t epoch);
  Ending run_batch(std::uint64_t epoch, Range of_block);
  Ending run_iteration(std::uint64_t epoch);
  void report_batch(std::size_t batches);
  bool rate(std::uint64_t batches, double& rate);
  bool next_block(std::uint64_t epoch);
  void wait_for_rows(std::size_t rows);
  void list_rows();
  void draw_order(std::uint64_t epoch);
  void recall();
  void load_weights();
  /// The weights that the network is to show.
  [[nodiscard]] const AlignedBuffer<T>& shown() const {
    return state_.averages.begun ? state_.averages.block : step_->parameters();
  }
  /// Gives the network the weights that it is to show; false if one is not finite, and then it
  /// keeps its own.
  bool publish();
  [[nodiscard]] FitOutcome non_finite_loss(std::uint64_t epoch, Range of_block) const;

  Network<T>& network_;
  const Objective<T>& objective_;
  const TrainerSettings& trainer_;
  TrainerState<T>& state_;
  const FitSettings& settings_;
  FitObserver& observer_;
  CustomLoss<T>* custom_loss_;

  /// What of an epoch is behind.
  struct Counts {
    std::size_t rows = 0;
    std::size_t batches = 0;
    std::size_t blocks = 0;
  };
  Counts counts_;
  RowBlock block_;  // that is trained on: all rows, or some of a stream
  /// The order of the block's rows: their places in its data set, or where it has parts of several,
  /// their positions.
  std::vector<std::uint32_t> order_;
  RowStage<T> stage_;                  // then: of a batch
  std::vector<std::uint32_t> staged_;  // the places of its rows: 0, 1, ...
  std::optional<Dataset> like_;        // for metrics of all rows: some in the form that all have
  ThreadBudget::Share share_;
  std::size_t team_threads_ = 0;      // that team_ was asked to have
  std::unique_ptr<ThreadTeam> team_;  // from the first epoch on
  Inference<T> inference_;
  ScoredRows<T> scored_;
  std::unique_ptr<Step<T>> step_;           // of the current phase, once it has begun
  std::unique_ptr<FullBatchCost<T>> cost_;  // for a quasi-Newton method
  std::vector<T> point_;                    // likewise
  EpochReport report_;
  BatchReport batch_report_;
  bool batch_reported_ = true;  // batch_report_ was
};

}  // namespace gemmnet
