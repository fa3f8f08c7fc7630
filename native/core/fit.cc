// Over 400 lines: a fit from its first epoch to its last, in memory and from a stream.
#include "core/fit.h"

#include <algorithm>
#include <atomic>
#include <limits>
#include <numeric>
#include <stdexcept>

#include "core/work_clock.h"

namespace gemmnet {

namespace {

/// Weights that one thread checks and copies at a time.
constexpr std::size_t publish_stretch = std::size_t{1} << 16;

/// Rows have 32-bit positions in a block, and a batch is in one.
constexpr std::size_t most_block_rows = std::size_t{1} << 31;

/// A fit that waits longer than this for rows leaves its processors to others.
constexpr std::chrono::milliseconds short_wait{10};

/// Draws of a block of an epoch's rows: each block has its own.
constexpr std::uint64_t block_draws = std::uint64_t{1} << 32;

bool needs_all_rows(const NamedOptions& optimizer) {
  const auto* first_order = find(kernels<float>().optimizers, optimizer.name);
  return first_order == nullptr || first_order->full_batch;
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

std::size_t largest_set(const FitSettings& settings) {
  std::size_t largest = 1;
  for (const Dataset& data : settings.validations) largest = std::max(largest, data.size());
  return largest;
}

}  // namespace

template <typename T>
Fit<T>::Fit(Network<T>& network, const Objective<T>& objective, const TrainerSettings& trainer,
            TrainerState<T>& state, const FitSettings& settings, FitObserver& observer,
            CustomLoss<T>* custom_loss)
    : network_(network),
      objective_(objective),
      trainer_(trainer),
      state_(state),
      settings_(settings),
      observer_(observer),
      custom_loss_(custom_loss),
      share_(ThreadBudget::of_process(),
             trainer.threads == 0 ? ThreadBudget::Kind::lasting : ThreadBudget::Kind::fixed,
             most_threads()),
      inference_(network, largest_set(settings), share_.most()) {
  report_.validations.resize(settings.validations.size());
  if (!settings.train) {
    for (const PhaseSettings& phase : trainer.phases)
      if (needs_all_rows(phase.update.optimizer))
        throw std::invalid_argument(phase.update.optimizer.name + " needs all rows at once");
    return;
  }
  const std::size_t rows = settings.train->size();
  block_.add({*settings.train, {0, rows}, 0});
  block_.end_epoch();
  order_.resize(rows);
  if (!objective.needs_all_rows()) return;
  like_ = settings.train;
  scored_ = ScoredRows<T>(rows, network.outputs());
}

/// Rows of an epoch, or 0 where nobody knows before it ends.
template <typename T>
std::size_t Fit<T>::epoch_rows() const {
  return settings_.train ? settings_.train->size() : settings_.stream.epoch_rows;
}

template <typename T>
typename Step<T>::BatchSize Fit<T>::batch_size(const PhaseSettings& phase) const {
  const std::size_t known = epoch_rows();
  const std::size_t rows = settings_.train                         ? known
                           : known == 0 || known > most_block_rows ? most_block_rows
                                                                   : known;
  const bool full = needs_all_rows(phase.update.optimizer);
  const std::size_t batch = full ? rows : std::min(phase.batch_size, rows);
  // Their product might wrap around.
  const bool all = full || phase.accumulate >= (rows + batch - 1) / batch;
  return {all ? rows : batch * phase.accumulate,
          objective_.is_custom() ? batch : piece_rows(network_, batch)};
}

/// Steps in an epoch of the current phase, or 0 where nobody knows before it ends.
template <typename T>
std::size_t Fit<T>::batches() const {
  const std::size_t size = batch_size(phase()).rows;
  return (epoch_rows() + size - 1) / size;
}

template <typename T>
std::size_t Fit<T>::most_threads() const {
  std::size_t most = 1;
  for (std::size_t i = state_.phase; i < trainer_.phases.size(); ++i) {
    const auto size = batch_size(trainer_.phases[i]);
    const Plan plan = make_plan(network_, std::min(size.rows, size.piece));
    most = std::max(most, threads_for(network_, trainer_.threads, size.rows, plan.tiles()));
  }
  return most;
}

/// Makes another team where the share has changed; what it needs is there for the largest.
template <typename T>
void Fit<T>::follow_share() {
  const std::size_t threads = share_.threads();
  if (threads == team_threads_) return;
  team_threads_ = threads;
  team_.reset();  // not two at once
  team_ = std::make_unique<ThreadTeam>(threads);
  if (cost_) cost_->run_on(*team_);
}

/// The rows of the block in their own order.
template <typename T>
void Fit<T>::list_rows() {
  order_.resize(block_.size());
  std::iota(order_.begin(), order_.end(), 0U);
  if (block_.parts().size() != 1) return;
  const auto& [data, rows, number] = block_.parts().front();
  for (std::uint32_t& entry : order_) entry = data.place(rows.begin + entry);
}

/// The rows of the block in the order of an epoch.
template <typename T>
void Fit<T>::draw_order(std::uint64_t epoch) {
  const WorkSpan span(Work::gather);
  list_rows();
  if (!trainer_.shuffle || (!settings_.train && settings_.stream.shuffle_buffer == 0)) return;
  shuffle(order_, Philox(trainer_.seed, Stream::shuffle, static_cast<std::uint32_t>(epoch)),
          counts_.blocks * block_draws);
}

template <typename T>
void Fit<T>::wait_for_rows(std::size_t rows) {
  const WorkSpan span(Work::waiting);
  RowQueue& queue = *settings_.stream.rows;
  if (queue.wait(rows, short_wait)) return;
  share_.rest();
  queue.wait(rows, std::nullopt);
  share_.resume();
  follow_share();
}

/// Goes on to the next rows of the epoch, whole batches but for its last; false if they do not
/// come.
template <typename T>
bool Fit<T>::next_block(std::uint64_t epoch) {
  if (!settings_.train) {
    const std::size_t size = batch_size(phase()).rows;
    const std::size_t buffer = trainer_.shuffle ? settings_.stream.shuffle_buffer : 0;
    const std::size_t rows = std::max<std::size_t>(1, (buffer + size - 1) / size) * size;
    block_.clear();
    wait_for_rows(rows);
    if (!settings_.stream.rows->take(rows, block_)) return false;
    if (objective_.needs_all_rows() && block_.size() != 0) {
      like_ = block_.parts().front().data;
      scored_.reserve(counts_.rows + block_.size(), network_.outputs());
    }
  }
  draw_order(epoch);
  if (block_.parts().size() > 1) stage_.begin(block_);
  ++counts_.blocks;
  return true;
}

/// Makes the step of the current phase, which goes on from the last one's weights.
template <typename T>
void Fit<T>::begin_phase() {
  const auto size = batch_size(phase());
  AlignedBuffer<T> weights;
  if (step_) weights = step_->parameters();
  const bool quasi_newton = phase_state().quasi_newton != nullptr;
  UpdateSettings update = phase().update;
  if (quasi_newton) update.optimizer = {"gradientDescent", {}};  // never asked to update
  WeightAverages<T>* const averages =
      state_.averages.momentum != 0 && !quasi_newton ? &state_.averages : nullptr;
  if (quasi_newton) state_.averages.begun = false;  // it makes none
  cost_.reset();
  step_.reset();  // not two at once
  step_ = std::make_unique<Step<T>>(network_, objective_, update, phase_state().optimizer, averages,
                                    custom_loss_, size, share_.most());
  if (epoch_rows() % size.rows != 0) step_->prepare(epoch_rows() % size.rows);
  if (objective_.needs_all_rows()) step_->collect(&scored_);
  if (weights.size() != 0)
    step_->load(weights);
  else
    load_weights();
  if (!quasi_newton || !settings_.train) return;
  list_rows();
  cost_ = std::make_unique<FullBatchCost<T>>(network_, objective_, *step_, *settings_.train, order_,
                                             *team_);
  point_.resize(cost_->size());
  cost_->read(step_->parameters(), point_);
}

/// Forgets what the last fit has learned of a cost that is no longer the same.
template <typename T>
void Fit<T>::recall() {
  std::vector<bool> learned;
  for (const auto& place : network_.tensors()) learned.push_back(network_.learns(place));
  const bool same_tensors = learned == state_.learned;
  const bool same_rows = state_.train && settings_.train && state_.train->is_same(*settings_.train);
  const bool same = same_tensors && same_rows && state_.published_version == network_.version();
  for (std::size_t p = 0; p < state_.phases.size(); ++p) {
    auto& method = state_.phases[p].quasi_newton;
    if (method == nullptr || same) continue;
    const NamedOptions& named = trainer_.phases[p].update.optimizer;
    const std::size_t size = learned_count(network_);
    if (method->gradient().size() == size)
      method->reset();
    else  // layers were frozen, or learn again
      method = find(quasi_newton_methods<T>(), named.name)->make(named.options.data(), size);
  }
  // Asked again, the last phase looks once more.
  if (!same || is_last_phase()) state_.phase_ended = false;
  const bool learns_of_rows = std::ranges::any_of(
      state_.phases, [](const auto& phase) { return phase.quasi_newton != nullptr; });
  if (learns_of_rows) state_.train = settings_.train;  // else it would only keep them in memory
  state_.learned = std::move(learned);
}

template <typename T>
void Fit<T>::load_weights() {
  const bool unchanged = state_.published_version == network_.version();
  if (state_.weights.size() != 0 && unchanged) {
    step_->load(state_.weights);
  } else {
    step_->load(*network_.parameters());
    state_.averages.begun = false;
  }
}

template <typename T>
bool Fit<T>::publish() {
  const AlignedBuffer<T>& weights = shown();
  const auto in_stretches = [&](const auto& visit) {
    const std::size_t count = (weights.size() + publish_stretch - 1) / publish_stretch;
    team_->run(count, [&](std::size_t index, std::size_t /*thread*/) {
      const std::size_t begin = index * publish_stretch;
      visit(weights.data() + begin, begin, std::min(publish_stretch, weights.size() - begin));
    });
  };
  std::atomic<bool> finite{true};
  in_stretches([&](const T* from, std::size_t /*begin*/, std::size_t size) {
    if (kernels<T>().elementwise.first_non_finite(from, size) != size) finite.store(false);
  });
  if (!finite.load()) {
    state_.averages.begun = false;  // they would not become finite again
    return false;
  }
  network_.publish([&](T* to) {
    in_stretches([&](const T* from, std::size_t begin, std::size_t size) {
      std::copy_n(from, size, to + begin);
    });
  });
  state_.published_version = network_.version();
  if (state_.averages.begun) {
    if (state_.weights.size() == 0) state_.weights = AlignedBuffer<T>(weights.size());
    std::copy_n(step_->parameters().data(), weights.size(), state_.weights.data());
  } else {
    state_.weights = AlignedBuffer<T>();
  }
  return true;
}

/// The step found it; the row is told as one of the data given, which may be a view of others.
template <typename T>
FitOutcome Fit<T>::non_finite_loss(std::uint64_t epoch, Range of_block) const {
  const auto& [layer, place] = step_->non_finite();
  FitOutcome outcome{Reason::non_finite_loss, epoch, counts_.batches + 1, layer, {}};
  if (!place) return outcome;
  if (block_.parts().size() > 1) {
    outcome.row = block_.row(order_[of_block.begin + *place]).number();
    return outcome;
  }
  const auto& [data, rows, number] = block_.parts().front();
  for (std::size_t i = 0; !outcome.row && i < rows.size(); ++i)
    if (data.place(rows.begin + i) == *place) outcome.row = number + i;
  return outcome;
}

template <typename T>
FitOutcome Fit<T>::run() {
  const WorkSpan span(Work::elementwise);
  recall();
  for (std::size_t e = 0; e < settings_.epochs; ++e) {
    if (observer_.stop_requested()) return {Reason::stopped};
    if (const Ending ending = run_epoch()) return *ending;
  }
  const bool converged = is_last_phase() && state_.phase_ended;
  return {converged ? Reason::converged : Reason::finished};
}

template <typename T>
typename Fit<T>::Ending Fit<T>::run_epoch() {
  follow_share();
  const bool done =
      state_.phase_ended || (phase().epochs != 0 && state_.phase_epochs >= phase().epochs);
  if (done && !is_last_phase()) {
    ++state_.phase;
    state_.phase_epochs = 0;
    state_.phase_ended = false;
    begin_phase();
  } else if (state_.phase_ended) {
    return FitOutcome{Reason::converged};
  } else if (!step_) {
    begin_phase();
  }

  const auto began = Clock::now();
  const std::uint64_t epoch = state_.epochs + 1;
  report_.epoch = epoch;
  report_.phase = state_.phase;
  report_.threads = team_->size();
  objective_.clear(report_.train);
  if (const Ending ending = cost_ ? run_iteration(epoch) : run_batches(epoch)) return ending;
  const AlignedBuffer<T>& weights = shown();
  if (!publish())
    return FitOutcome{Reason::non_finite_weights,
                      epoch,
                      counts_.batches,
                      first_non_finite_layer(network_, weights),
                      {}};
  state_.epochs = epoch;
  ++state_.phase_epochs;

  Predictions<T> all;
  if (objective_.needs_all_rows() && like_)
    all = objective_.predictions(like_->rows(), scored_.targets, scored_.outputs.view(),
                                 {0, counts_.rows});
  objective_.finish(report_.train, all);
  const auto seconds = std::chrono::duration<double>(Clock::now() - began);
  report_.seconds = seconds.count();
  report_.rows_per_second = static_cast<double>(counts_.rows) / report_.seconds;
  const typename Inference<T>::Stop stop = [&] { return observer_.stop_requested(); };
  for (std::size_t v = 0; v < settings_.validations.size(); ++v)
    inference_.evaluate(weights.data(), objective_, settings_.validations[v], *team_, stop,
                        report_.validations[v]);
  if (observer_.stop_requested()) return FitOutcome{Reason::stopped};
  observer_.epoch_ended(report_);
  return std::nullopt;
}

/// The learning rate of the next step; false if nobody says.
template <typename T>
bool Fit<T>::rate(std::uint64_t batches, double& rate) {
  const std::uint64_t step = phase_state().optimizer.steps;
  const auto& schedule = phase().schedule;
  if (schedule)
    rate = learning_rate(*schedule, step, state_.phase_epochs, batches);
  else if (!observer_.ask_learning_rate(state_.phase, state_.phase_epochs, step, rate))
    return false;
  rate *= state_.rate_factor.load();
  return true;
}

template <typename T>
typename Fit<T>::Ending Fit<T>::run_batches(std::uint64_t epoch) {
  const std::size_t size = batch_size(phase()).rows;
  counts_ = {};
  report_.evaluations = 0;
  batch_reported_ = true;
  do {
    if (!next_block(epoch)) {
      publish();
      return FitOutcome{Reason::stopped};
    }
    for (std::size_t begin = 0; begin < order_.size(); begin += size)
      if (const Ending ending = run_batch(epoch, {begin, std::min(begin + size, order_.size())}))
        return ending;
  } while (!block_.ends_epoch());
  if (counts_.rows == 0) return FitOutcome{Reason::stopped};  // there is nothing to report
  if (!batch_reported_) report_batch(counts_.batches);
  return std::nullopt;
}

/// A step on these rows of the block.
template <typename T>
typename Fit<T>::Ending Fit<T>::run_batch(std::uint64_t epoch, Range of_block) {
  std::span<const std::uint32_t> places(order_.data() + of_block.begin, of_block.size());
  const Rows* rows = &block_.parts().front().data.rows();
  if (block_.parts().size() > 1) {
    const WorkSpan span(Work::gather);
    rows = &stage_.gather(places, *team_);
    while (staged_.size() < places.size())
      staged_.push_back(static_cast<std::uint32_t>(staged_.size()));
    places = {staged_.data(), places.size()};
  }
  using Outcome = typename Step<T>::Outcome;
  Outcome outcome = Outcome::stopped;
  const std::size_t batches = this->batches();
  const double loss = report_.train.loss;
  const double penalty = report_.train.penalty;
  const double weight = report_.train.weight;
  if (rate(batches, report_.learning_rate))
    outcome = step_->train(*rows, places,
                           {trainer_.seed, static_cast<std::uint32_t>(epoch), counts_.rows},
                           report_.learning_rate, *team_, report_.train);
  if (outcome == Outcome::non_finite_penalty) state_.averages.begun = false;  // they are in it
  if (outcome == Outcome::non_finite) publish();
  if (outcome == Outcome::non_finite || outcome == Outcome::non_finite_penalty)
    return non_finite_loss(epoch, of_block);
  if (outcome == Outcome::done) {
    counts_.rows += places.size();
    ++counts_.batches;
    const double batch_loss = report_.train.loss - loss;
    batch_report_ = {
        epoch,
        counts_.batches,
        batches,
        objective_.is_averaged() ? mean_of(batch_loss, report_.train.weight - weight) : batch_loss,
        (report_.train.penalty - penalty) / static_cast<double>(places.size()),
        report_.learning_rate};
    const std::size_t interval = settings_.batch_report_interval;
    batch_reported_ = interval == 0;
    if (interval != 0 && (counts_.batches % interval == 0 || counts_.batches == batches))
      report_batch(batches);
  }
  if (outcome == Outcome::stopped || observer_.stop_requested()) {
    publish();
    return FitOutcome{Reason::stopped};
  }
  return std::nullopt;
}

template <typename T>
void Fit<T>::report_batch(std::size_t batches) {
  batch_report_.batches = batches;
  batch_reported_ = true;
  observer_.batch_ended(batch_report_);
}

/// One iteration of a quasi-Newton method.
template <typename T>
typename Fit<T>::Ending Fit<T>::run_iteration(std::uint64_t epoch) {
  QuasiNewton<T>& method = *phase_state().quasi_newton;
  const std::uint64_t evaluations = method.evaluations();
  counts_ = {order_.size(), 0, 0};
  const Progress progress =
      method.iterate(*cost_, point_, [&] { return observer_.stop_requested(); });
  if (progress == Progress::stopped) {
    cost_->score(point_, report_.train);  // where the iteration began
    publish();
    return FitOutcome{Reason::stopped};
  }
  if (progress == Progress::non_finite) {
    publish();
    return non_finite_loss(epoch, {0, order_.size()});
  }
  counts_.batches = 1;
  state_.phase_ended = progress != Progress::moved;
  cost_->score(point_, report_.train);
  report_.evaluations = method.evaluations() - evaluations;
  report_.learning_rate = 0;
  return std::nullopt;
}

template class Fit<float>;
template class Fit<double>;

}  // namespace gemmnet
