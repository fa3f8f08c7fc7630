#include "core/trainer.h"

#include <algorithm>
#include <chrono>

#include "core/random.h"

namespace gemmnet {

namespace {

/// Rows of the data in the order of one epoch.
void order_rows(const Dataset& data, const TrainerSettings& settings, std::uint64_t epoch,
                std::vector<std::uint32_t>& order) {
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = data.place(i);
  if (settings.shuffle)
    shuffle(order, Philox(settings.seed, Stream::shuffle, static_cast<std::uint32_t>(epoch)));
}

/// The first layer with a weight that is not finite, or the number of layers.
template <typename T>
std::size_t first_non_finite_layer(const Network<T>& network, const AlignedBuffer<T>& block) {
  for (const auto& place : network.tensors()) {
    const T* const first = block.data() + place.shape.offset;
    const std::size_t size = place.shape.size();
    if (kernels<T>().elementwise.first_non_finite(first, size) != size) return place.layer;
  }
  return network.layers().size();
}

}  // namespace

template <typename T>
Trainer<T>::Trainer(std::shared_ptr<Network<T>> network, const TrainerSettings& settings)
    : network_(std::move(network)), settings_(settings), objective_(*network_, settings.objective) {
  find_required(kernels<T>().optimizers, "optimizer", settings.optimizer.name);
}

template <typename T>
std::size_t Trainer<T>::threads_for(std::size_t rows, std::size_t tiles) const {
  if (settings_.threads == 0) return default_threads(*network_, rows, tiles);
  return std::clamp<std::size_t>(tiles, 1, settings_.threads);
}

template <typename T>
void Trainer<T>::average(Scores& sums, std::size_t rows) const {
  const double count = static_cast<double>(rows);
  if (objective_.is_averaged()) sums.loss /= count;
  sums.penalty /= count;
  sums.metrics = objective_.finish_metrics(sums.metric_sums.data());
}

template <typename T>
bool Trainer<T>::publish_finite(const AlignedBuffer<T>& block) {
  if (first_non_finite_layer(*network_, block) != network_->layers().size()) return false;
  network_->publish(block);
  return true;
}

template <typename T>
FitOutcome Trainer<T>::fit(const FitSettings& settings, FitObserver& observer) {
  using Clock = std::chrono::steady_clock;
  const std::size_t rows = settings.train.size();
  const Optimizer<T>& optimizer = *find(kernels<T>().optimizers, settings_.optimizer.name);
  const std::size_t batch_size = optimizer.full_batch ? rows : std::min(settings_.batch_size, rows);
  const std::size_t batches = (rows + batch_size - 1) / batch_size;

  // All memory of the epochs.
  const Plan plan = make_plan(*network_, std::min(batch_size, maximum_step_rows));
  ThreadTeam team(threads_for(batch_size, plan.tiles()));
  Step<T> step(*network_, objective_, settings_.optimizer, state_, batch_size, team.size());
  if (rows % batch_size != 0) step.prepare(rows % batch_size);
  step.load(*network_->parameters());
  std::size_t largest_validation = 1;
  for (const Dataset& data : settings.validations)
    largest_validation = std::max(largest_validation, data.size());
  Inference<T> inference(*network_, largest_validation, team.size());
  const typename Inference<T>::Stop stop = [&] { return observer.stop_requested(); };
  std::vector<std::uint32_t> order(rows);
  EpochReport report;
  report.learning_rate = settings_.learning_rate;
  report.validations.resize(settings.validations.size());

  FitOutcome outcome;
  for (std::size_t e = 0; e < settings.epochs; ++e) {
    const auto began = Clock::now();
    const std::uint64_t epoch = epochs_ + 1;
    order_rows(settings.train, settings_, epoch, order);
    Scores& sums = report.train;
    sums.clear(objective_.metric_sum_count());
    for (std::size_t batch = 0; batch < batches; ++batch) {
      const std::size_t first = batch * batch_size;
      const std::span<const std::uint32_t> places(order.data() + first,
                                                  std::min(batch_size, rows - first));
      const double before = sums.loss;
      const double penalty_before = sums.penalty;
      if (!step.train(settings.train.rows(), places, settings_.learning_rate, team, sums)) {
        publish_finite(step.parameters());
        outcome.reason = FitOutcome::Reason::non_finite_loss;
        outcome.epoch = epoch;
        outcome.batch = batch + 1;
        outcome.layer = step.non_finite().layer;
        outcome.place = step.non_finite().place;
        return outcome;
      }
      const std::size_t interval = settings.batch_report_interval;
      if (interval != 0 && ((batch + 1) % interval == 0 || batch + 1 == batches)) {
        const double count = static_cast<double>(places.size());
        const double loss = sums.loss - before;
        observer.batch_ended({epoch, batch + 1, batches,
                              (objective_.is_averaged() ? loss / count : loss) +
                                  (sums.penalty - penalty_before) / count});
      }
      if (observer.stop_requested()) {
        publish_finite(step.parameters());
        outcome.reason = FitOutcome::Reason::stopped;
        return outcome;
      }
    }
    if (!publish_finite(step.parameters())) {
      outcome.reason = FitOutcome::Reason::non_finite_weights;
      outcome.epoch = epoch;
      outcome.batch = batches;
      outcome.layer = first_non_finite_layer(*network_, step.parameters());
      return outcome;
    }
    epochs_ = epoch;
    report.epoch = epoch;
    average(sums, rows);
    report.seconds = std::chrono::duration<double>(Clock::now() - began).count();
    report.rows_per_second = static_cast<double>(rows) / report.seconds;
    for (std::size_t v = 0; v < settings.validations.size(); ++v)
      evaluate_on(step.parameters().data(), settings.validations[v], inference, team, stop,
                  report.validations[v]);
    if (observer.stop_requested()) {
      outcome.reason = FitOutcome::Reason::stopped;
      return outcome;
    }
    observer.epoch_ended(report);
  }
  return outcome;
}

template <typename T>
void Trainer<T>::evaluate_on(const T* block, const Dataset& data, Inference<T>& inference,
                             ThreadTeam& team, const typename Inference<T>::Stop& stop,
                             Scores& scores) const {
  scores.clear(objective_.metric_sum_count());
  inference.evaluate(block, objective_, data, team, stop, scores);
  average(scores, data.size());
  scores.penalty = objective_.penalty(block);
}

template <typename T>
Scores Trainer<T>::evaluate(const Dataset& data, const typename Inference<T>::Stop& stop) const {
  const std::size_t tile = inference_rows(*network_);
  ThreadTeam team(threads_for(data.size(), (data.size() + tile - 1) / tile));
  Inference<T> inference(*network_, data.size(), team.size());
  const auto block = network_->parameters();
  Scores scores;
  evaluate_on(block->data(), data, inference, team, stop, scores);
  return scores;
}

template <typename T>
std::size_t Trainer<T>::bytes() const {
  std::size_t sum = 0;
  for (const AlignedBuffer<T>& slot : state_.slots) sum += slot.bytes();
  return sum;
}

template class Trainer<float>;
template class Trainer<double>;

}  // namespace gemmnet
