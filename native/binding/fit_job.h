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
  /// Answers the question that the fit waits on: any number for leave to begin, a learning rate, or
  /// a loss with its gradient, a typed array of the network's type. Throws if the gradient is not
  /// what was asked for.
  virtual void answer(double value, const Napi::Value& gradient) = 0;
  /// Where a stream's rows go, or null.
  [[nodiscard]] virtual RowQueue* rows() const = 0;
};

/// A fit on its own thread, never more than `most_unanswered` reports ahead of its listener, which
/// gets `(events, end)`: the reports since the last call, in order, and at the last call how the
/// fit ended.
template <typename T>
class FitJob final : public FitControl, private FitObserver, private CustomLoss<T> {
 public:
  /// `wait`: the thread waits for an answer before it begins, and after each epoch until all its
  /// reports are answered.
  FitJob(const Napi::Function& listener, std::shared_ptr<Trainer<T>> trainer, FitSettings settings,
         bool wait);
  ~FitJob() override;

  void stop() override;
  void proceed() override;
  void answer(double value, const Napi::Value& gradient) override;
  [[nodiscard]] RowQueue* rows() const override { return settings_.stream.rows.get(); }

 private:
  /// There is room for rows again.
  struct Room {};
  /// Asks for leave to begin.
  struct BeginQuestion {};
  /// Asks for the learning rate of a step.
  struct RateQuestion {
    std::size_t phase;
    std::uint64_t epoch;
    std::uint64_t step;
  };
  /// Asks for the loss of some rows. Has copies: a fit that is stopped does not wait for the
  /// answer.
  struct LossQuestion {
    std::size_t rows = 0;
    std::vector<T> outputs;
    std::vector<T> targets;  // or labels
    std::vector<std::int32_t> labels;
    std::vector<T> weights;
  };
  using Event =
      std::variant<EpochReport, BatchReport, BeginQuestion, RateQuestion, LossQuestion, Room>;

  static Napi::Object describe(Napi::Env env, const EpochReport& report);
  static Napi::Object describe(Napi::Env env, const BatchReport& report);
  static Napi::Object describe(Napi::Env env, const BeginQuestion& question);
  static Napi::Object describe(Napi::Env env, const RateQuestion& question);
  static Napi::Object describe(Napi::Env env, const LossQuestion& question);
  static Napi::Object describe(Napi::Env env, const Room& room);

  void work() override;
  std::vector<napi_value> news(Napi::Env env, bool ended) override;
  void settle() override { release_network(); }

  static constexpr std::size_t most_unanswered = 1024;

  /// Posts a report; then waits until no more than `left` are unanswered, or a stop.
  template <typename Report>
  void post(const Report& report, std::size_t left);
  void epoch_ended(const EpochReport& report) override;
  void batch_ended(const BatchReport& report) override;
  bool ask_learning_rate(std::size_t phase, std::uint64_t epoch, std::uint64_t step,
                         double& rate) override;
  bool compute(const Predictions<T>& rows, double& value, MatrixView<T> gradient) override;
  /// Posts a question and waits for its answer, or a stop: then false.
  bool ask(Event question);
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
  std::vector<Event> events_;
  bool asking_ = false;
  double answer_ = 0;
  MatrixView<T> wanted_gradient_;  // where the answer's is to go
};

}  // namespace gemmnet
