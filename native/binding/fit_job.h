#pragma once

#include <condition_variable>
#include <mutex>
#include <variant>
#include <vector>

#include "binding/job.h"
#include "core/trainer.h"

namespace gemmnet {

/// What the trainer's handle needs of a fit of either precision.
class FitControl : public Job {
 public:
  using Job::Job;
  /// Answers one report.
  virtual void proceed() = 0;
};

/// A fit on its own thread, never more than `most_unanswered` reports ahead of its listener, which
/// gets `(events, end)`: the reports since the last call, in order, and at the last call how the
/// fit ended.
template <typename T>
class FitJob final : public FitControl, private FitObserver {
 public:
  /// `wait`: after each epoch the thread waits until all its reports are answered.
  FitJob(const Napi::Function& listener, std::shared_ptr<Trainer<T>> trainer, FitSettings settings,
         bool wait);
  ~FitJob() override;

  void stop() override;
  void proceed() override;

 private:
  void work() override;
  std::vector<napi_value> news(Napi::Env env, bool ended) override;
  void settle() override { release_network(); }

  static constexpr std::size_t most_unanswered = 1024;

  /// Posts a report; then waits until no more than `left` are unanswered, or a stop.
  template <typename Report>
  void post(const Report& report, std::size_t left);
  void epoch_ended(const EpochReport& report) override;
  void batch_ended(const BatchReport& report) override;
  [[nodiscard]] bool stop_requested() const override { return is_stopping(); }

  void release_network();
  Napi::Value outcome(Napi::Env env) const;

  std::shared_ptr<Trainer<T>> trainer_;
  FitSettings settings_;
  bool wait_;
  bool holds_network_ = true;
  FitOutcome outcome_;

  std::mutex mutex_;  // guards what follows
  std::condition_variable proceeding_;
  std::size_t unanswered_ = 0;  // reports that were not answered with `proceed`
  std::vector<std::variant<EpochReport, BatchReport>> events_;
};

}  // namespace gemmnet
