#include "binding/fit_job.h"

#include "binding/convert.h"

namespace gemmnet {

namespace {

/// The elements of a block, one row after the other.
template <typename T>
std::vector<T> elements(MatrixView<const T> block) {
  std::vector<T> values(block.rows * block.columns);
  copy_rows<T>(block, {values.data(), block.rows, block.columns});
  return values;
}

/// What lib/ calls it.
const char* name_of(FitOutcome::Reason reason) {
  switch (reason) {
    case FitOutcome::Reason::finished:
      return "finished";
    case FitOutcome::Reason::converged:
      return "converged";
    case FitOutcome::Reason::stopped:
      return "stopped";
    case FitOutcome::Reason::non_finite_weights:
      return "nonFiniteWeights";
    case FitOutcome::Reason::non_finite_loss:
      break;
  }
  return "nonFiniteLoss";
}

}  // namespace

template <typename T>
Napi::Object FitJob<T>::describe(Napi::Env env, const EpochReport& report) {
  Napi::Object object = to_object(env, report.train);
  object["type"] = "epoch";
  object["epoch"] = static_cast<double>(report.epoch);
  object["phase"] = static_cast<double>(report.phase);
  object["learningRate"] = report.learning_rate;
  object["evaluations"] = static_cast<double>(report.evaluations);
  object["seconds"] = report.seconds;
  object["rowsPerSecond"] = report.rows_per_second;
  Napi::Array validations = Napi::Array::New(env);
  for (std::uint32_t v = 0; v < report.validations.size(); ++v)
    validations[v] = to_object(env, report.validations[v]);
  object["validations"] = validations;
  return object;
}

template <typename T>
Napi::Object FitJob<T>::describe(Napi::Env env, const BatchReport& report) {
  Napi::Object object = Napi::Object::New(env);
  object["type"] = "batch";
  object["epoch"] = static_cast<double>(report.epoch);
  object["batch"] = static_cast<double>(report.batch);
  object["batches"] = static_cast<double>(report.batches);
  object["loss"] = report.loss;
  object["penalty"] = report.penalty;
  object["learningRate"] = report.learning_rate;
  return object;
}

template <typename T>
FitJob<T>::FitJob(const Napi::Function& listener, std::shared_ptr<Trainer<T>> trainer,
                  FitSettings settings, bool wait)
    : FitControl(listener),
      trainer_(std::move(trainer)),
      settings_(std::move(settings)),
      wait_(wait) {
  if (rows() == nullptr) return;
  rows()->when_room([this] {
    {
      const std::lock_guard lock(mutex_);
      events_.push_back(Room{});
    }
    wake();
  });
}

template <typename T>
FitJob<T>::~FitJob() {
  release_network();
}

template <typename T>
void FitJob<T>::release_network() {
  if (holds_network_) trainer_->network()->end_training();
  holds_network_ = false;
}

template <typename T>
void FitJob<T>::stop() {
  {
    const std::lock_guard lock(mutex_);
    Job::stop();
  }
  proceeding_.notify_all();
  if (rows() != nullptr) rows()->stop();
}

template <typename T>
void FitJob<T>::proceed() {
  {
    const std::lock_guard lock(mutex_);
    if (unanswered_ > 0) --unanswered_;
  }
  proceeding_.notify_all();
}

template <typename T>
void FitJob<T>::work() {
  if (wait_ && !ask(BeginQuestion{}))
    outcome_.reason = FitOutcome::Reason::stopped;
  else
    outcome_ = trainer_->fit(settings_, *this, this);
}

template <typename T>
Napi::Object FitJob<T>::describe(Napi::Env env, const BeginQuestion& /*question*/) {
  Napi::Object object = Napi::Object::New(env);
  object["type"] = "begin";
  return object;
}

template <typename T>
Napi::Object FitJob<T>::describe(Napi::Env env, const RateQuestion& question) {
  Napi::Object object = Napi::Object::New(env);
  object["type"] = "rate";
  object["phase"] = static_cast<double>(question.phase);
  object["epoch"] = static_cast<double>(question.epoch);
  object["step"] = static_cast<double>(question.step);
  return object;
}

template <typename T>
Napi::Object FitJob<T>::describe(Napi::Env env, const LossQuestion& question) {
  const auto array = [&]<typename E>(const std::vector<E>& values) {
    return to_array(env, values.data(), values.size());
  };
  Napi::Object object = Napi::Object::New(env);
  object["type"] = "loss";
  object["rows"] = static_cast<double>(question.rows);
  object["outputs"] = array(question.outputs);
  if (question.labels.empty())
    object["targets"] = array(question.targets);
  else
    object["labels"] = array(question.labels);
  if (!question.weights.empty()) object["weights"] = array(question.weights);
  return object;
}

template <typename T>
Napi::Object FitJob<T>::describe(Napi::Env env, const Room& /*room*/) {
  Napi::Object object = Napi::Object::New(env);
  object["type"] = "room";
  return object;
}

template <typename T>
bool FitJob<T>::ask(Event question) {
  {
    const std::lock_guard lock(mutex_);
    events_.push_back(std::move(question));
    asking_ = true;
  }
  wake();
  std::unique_lock lock(mutex_);
  proceeding_.wait(lock, [&] { return !asking_ || is_stopping(); });
  const bool answered = !asking_;
  asking_ = false;
  wanted_gradient_ = {};
  return answered;
}

template <typename T>
bool FitJob<T>::ask_learning_rate(std::size_t phase, std::uint64_t epoch, std::uint64_t step,
                                  double& rate) {
  if (!ask(RateQuestion{phase, epoch, step})) return false;
  rate = answer_;
  return true;
}

template <typename T>
bool FitJob<T>::compute(const Predictions<T>& rows, double& value, MatrixView<T> gradient) {
  LossQuestion question;
  question.rows = rows.outputs.rows;
  question.outputs = elements(rows.outputs);
  if (rows.labels != nullptr)
    question.labels.assign(rows.labels, rows.labels + question.rows);
  else
    question.targets = elements(rows.targets);
  if (rows.weights != nullptr) question.weights.assign(rows.weights, rows.weights + question.rows);
  wanted_gradient_ = gradient;
  if (!ask(std::move(question))) return false;
  value = answer_;
  return true;
}

template <typename T>
void FitJob<T>::answer(double value, const Napi::Value& gradient) {
  {
    const std::lock_guard lock(mutex_);
    if (!asking_) return;
    if (wanted_gradient_.data != nullptr) {
      const auto values = to_elements<T>(gradient, "gradient");
      if (values.size() != wanted_gradient_.rows * wanted_gradient_.columns)
        throw Napi::RangeError::New(gradient.Env(),
                                    "Expected `gradient` to be as many numbers as the outputs");
      copy_rows<T>({values.data(), wanted_gradient_.rows, wanted_gradient_.columns},
                   wanted_gradient_);
    }
    answer_ = value;
    asking_ = false;
  }
  proceeding_.notify_all();
}

template <typename T>
template <typename Report>
void FitJob<T>::post(const Report& report, std::size_t left) {
  {
    const std::lock_guard lock(mutex_);
    events_.emplace_back(report);
    ++unanswered_;
  }
  wake();
  std::unique_lock lock(mutex_);
  proceeding_.wait(lock, [&] { return unanswered_ <= left || is_stopping(); });
}

template <typename T>
void FitJob<T>::epoch_ended(const EpochReport& report) {
  post(report, wait_ ? 0 : most_unanswered);
}

template <typename T>
void FitJob<T>::batch_ended(const BatchReport& report) {
  post(report, most_unanswered);
}

template <typename T>
Napi::Value FitJob<T>::outcome(Napi::Env env) const {
  Napi::Object end = Napi::Object::New(env);
  if (!failure().empty()) {
    end["reason"] = "failed";
    end["error"] = Napi::Error::New(env, failure()).Value();
    return end;
  }
  using Reason = FitOutcome::Reason;
  const auto& [reason, epoch, batch, layer, row] = outcome_;
  end["reason"] = name_of(reason);
  if (reason != Reason::non_finite_loss && reason != Reason::non_finite_weights) return end;
  end["epoch"] = static_cast<double>(epoch);
  end["batch"] = static_cast<double>(batch);
  // Outputs may all be finite, and only the loss of them not.
  if (layer < trainer_->network()->layers().size()) end["layer"] = static_cast<double>(layer);
  if (row) end["row"] = static_cast<double>(*row);
  return end;
}

template <typename T>
std::vector<napi_value> FitJob<T>::news(Napi::Env env, bool ended) {
  std::vector<Event> events;
  {
    const std::lock_guard lock(mutex_);
    events.swap(events_);
  }
  Napi::Array list = Napi::Array::New(env, events.size());
  for (std::uint32_t i = 0; i < events.size(); ++i)
    list[i] = std::visit([&](const auto& event) { return describe(env, event); }, events[i]);
  return {list, ended ? outcome(env) : env.Null()};
}

template class FitJob<float>;
template class FitJob<double>;

}  // namespace gemmnet
