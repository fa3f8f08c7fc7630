#include "core/schedules.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numbers>

// p is the position: the step or the epoch, as the schedule counts. "Keras" is its
// optimizers/schedules/learning_rate_schedule.py, "PyTorch" its optim/lr_scheduler.py.

namespace gemmnet {

namespace {

double position_of(const ScheduleSettings& settings, const TrainingPosition& at) {
  return static_cast<double>(settings.per == ScheduleUnit::step ? at.step : at.epoch);
}

double rate_of(const ScheduleSettings& settings, const TrainingPosition& at) {
  return find_required(schedules(), "schedule", settings.name).rate(settings, at);
}

constexpr const char* constant_options[] = {"rate"};

/// rate
double constant(const ScheduleSettings& settings, const TrainingPosition& /*at*/) {
  return settings.options[0];
}

constexpr const char* step_decay_options[] = {"rate", "factor", "every"};

/// rate factor^floor(p / every), as PyTorch's StepLR
double step_decay(const ScheduleSettings& settings, const TrainingPosition& at) {
  const double rate = settings.options[0];
  const double factor = settings.options[1];
  const double every = settings.options[2];
  return rate * std::pow(factor, std::floor(position_of(settings, at) / every));
}

constexpr const char* exponential_decay_options[] = {"rate", "factor", "every", "staircase"};

/// rate factor^(p / every), with staircase rate factor^floor(p / every), as Keras
double exponential_decay(const ScheduleSettings& settings, const TrainingPosition& at) {
  const double rate = settings.options[0];
  const double factor = settings.options[1];
  const double every = settings.options[2];
  const bool staircase = settings.options[3] != 0;
  const double periods = position_of(settings, at) / every;
  return rate * std::pow(factor, staircase ? std::floor(periods) : periods);
}

constexpr const char* inverse_time_decay_options[] = {"rate", "decay", "every", "staircase"};

/// rate / (1 + decay p / every), with staircase rate / (1 + decay floor(p / every)), as Keras
double inverse_time_decay(const ScheduleSettings& settings, const TrainingPosition& at) {
  const double rate = settings.options[0];
  const double decay = settings.options[1];
  const double every = settings.options[2];
  const bool staircase = settings.options[3] != 0;
  const double periods = position_of(settings, at) / every;
  return rate / (1 + decay * (staircase ? std::floor(periods) : periods));
}

constexpr const char* polynomial_decay_options[] = {"rate", "steps", "endRate", "power", "cycle"};

/// (rate - endRate) (1 - p / steps)^power + endRate, with p at most steps; with cycle `steps` is
/// the first multiple of itself that is at least p instead. As Keras.
double polynomial_decay(const ScheduleSettings& settings, const TrainingPosition& at) {
  const double rate = settings.options[0];
  double steps = settings.options[1];
  const double end_rate = settings.options[2];
  const double power = settings.options[3];
  const bool cycle = settings.options[4] != 0;
  double p = position_of(settings, at);
  if (cycle)
    steps *= p == 0 ? 1 : std::ceil(p / steps);
  else
    p = std::min(p, steps);
  return (rate - end_rate) * std::pow(1 - p / steps, power) + end_rate;
}

constexpr const char* cosine_decay_options[] = {"rate",     "steps", "alpha",
                                                "restarts", "tMul",  "mMul"};

/// From rate to alpha rate along half a cosine of `steps`, as Keras's CosineDecay; with restarts
/// again and again, each time tMul times as long and from mMul times the height, as Keras's
/// CosineDecayRestarts. I. Loshchilov and F. Hutter, "SGDR", ICLR 2017.
double cosine_decay(const ScheduleSettings& settings, const TrainingPosition& at) {
  const double rate = settings.options[0];
  const double steps = settings.options[1];
  const double alpha = settings.options[2];
  const bool restarts = settings.options[3] != 0;
  const double longer = settings.options[4];
  const double height = settings.options[5];
  double done = position_of(settings, at) / steps;
  double restart = 0;
  if (!restarts) {
    done = std::min(done, 1.0);
  } else if (longer == 1) {
    restart = std::floor(done);
    done -= restart;
  } else {
    // Restart i is at (1 - longer^i) / (1 - longer). Where a logarithm that should be whole is
    // rounded down, Keras may start a period one position late; here the quotient decides.
    const auto begin = [&](double i) { return (1 - std::pow(longer, i)) / (1 - longer); };
    restart = std::floor(std::log(1 - done * (1 - longer)) / std::log(longer));
    if (done >= begin(restart + 1)) ++restart;
    if (done < begin(restart)) --restart;
    done = (done - begin(restart)) / std::pow(longer, restart);
  }
  const double cosine = 0.5 * std::pow(height, restart) * (1 + std::cos(std::numbers::pi * done));
  return rate * ((1 - alpha) * cosine + alpha);
}

constexpr const char* one_cycle_options[] = {"rate", "steps", "pctStart", "divFactor",
                                             "finalDivFactor"};

/// From rate / divFactor up to rate at position pctStart steps - 1, then down to
/// rate / divFactor / finalDivFactor at steps - 1, each along half a cosine, as PyTorch's
/// OneCycleLR with three_phase off; it stays there. L. Smith and N. Topin, arXiv 1708.07120, 2017.
double one_cycle(const ScheduleSettings& settings, const TrainingPosition& at) {
  const double rate = settings.options[0];
  const double steps = settings.options[1];
  const double start_fraction = settings.options[2];
  const double first = rate / settings.options[3];
  const double last = first / settings.options[4];
  const double p = std::min(position_of(settings, at), steps - 1);
  const double top = start_fraction * steps - 1;
  const auto anneal = [](double start, double end, double fraction) {
    return end + (start - end) / 2 * (std::cos(std::numbers::pi * fraction) + 1);
  };
  // A rise of no length is left out; PyTorch divides by zero there.
  if (top > 0 && p <= top) return anneal(first, rate, p / top);
  const double span = steps - 1 - top;
  return anneal(rate, last, span > 0 ? (p - top) / span : 1);
}

constexpr const char* warmup_options[] = {"steps", "from"};

/// Linear from `from` to the child's first rate, which is reached at p = steps; from there on the
/// child, which counts from then. As Keras's CosineDecay with warmup_target. A child that counts in
/// the other unit begins with the epoch in which, or at the step with which, the warmup ends.
double warmup(const ScheduleSettings& settings, const TrainingPosition& at) {
  const double steps = settings.options[0];
  const double from = settings.options[1];
  const ScheduleSettings& child = settings.child[0];
  const double p = position_of(settings, at);
  if (p < steps) return from + (rate_of(child, {0, 0, at.steps_per_epoch}) - from) * (p / steps);
  const auto length = static_cast<std::uint64_t>(steps);  // at most p, so it fits
  const bool by_step = settings.per == ScheduleUnit::step;
  const std::uint64_t each = std::max<std::uint64_t>(at.steps_per_epoch, 1);
  const std::uint64_t warm_steps = by_step ? length : length * each;
  const std::uint64_t warm_epochs = by_step ? length / each : length;
  // Epochs may have had other numbers of steps before.
  return rate_of(child, {at.step - std::min(at.step, warm_steps),
                         at.epoch - std::min(at.epoch, warm_epochs), at.steps_per_epoch});
}

/// rates[i] at the positions after boundaries[i - 1] up to and with boundaries[i], as Keras's
/// PiecewiseConstantDecay
double piecewise(const ScheduleSettings& settings, const TrainingPosition& at) {
  const auto& boundaries = settings.boundaries;
  const auto place =
      std::lower_bound(boundaries.begin(), boundaries.end(), position_of(settings, at));
  return settings.rates[static_cast<std::size_t>(place - boundaries.begin())];
}

constexpr Schedule rows[] = {
    {"constant", {constant_options, 1}, false, false, &constant},
    {"stepDecay", {step_decay_options, 3}, false, false, &step_decay},
    {"exponentialDecay", {exponential_decay_options, 4}, false, false, &exponential_decay},
    {"inverseTimeDecay", {inverse_time_decay_options, 4}, false, false, &inverse_time_decay},
    {"polynomialDecay", {polynomial_decay_options, 5}, false, false, &polynomial_decay},
    {"cosineDecay", {cosine_decay_options, 6}, false, false, &cosine_decay},
    {"oneCycle", {one_cycle_options, 5}, false, false, &one_cycle},
    {"warmup", {warmup_options, 2}, true, false, &warmup},
    {"piecewise", {}, false, true, &piecewise},
};

}  // namespace

Table<Schedule> schedules() { return {rows, std::size(rows)}; }

void check_schedule(const ScheduleSettings& settings) {
  const Schedule& row = find_required(schedules(), "schedule", settings.name);
  const auto refuse = [&](const char* why) {
    throw std::invalid_argument("The schedule \"" + settings.name + "\" " + why);
  };
  if (settings.options.size() != row.options.count) refuse("has another number of options");
  if (settings.child.size() != (row.has_child ? 1u : 0u))
    refuse(row.has_child ? "needs one schedule to follow it" : "has none to follow it");
  if (row.has_pieces ? settings.rates.size() != settings.boundaries.size() + 1
                     : !settings.rates.empty() || !settings.boundaries.empty())
    refuse("has another number of boundaries and rates");
  for (const ScheduleSettings& child : settings.child) check_schedule(child);
}

double learning_rate(const ScheduleSettings& settings, std::uint64_t step, std::uint64_t epoch,
                     std::uint64_t steps_per_epoch) {
  return rate_of(settings, {step, epoch, steps_per_epoch});
}

}  // namespace gemmnet
