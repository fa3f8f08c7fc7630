#include "core/quasi_newton/line_search.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace gemmnet {

namespace {

using Sample = LineSearch::Sample;

// The paper's constants. Without a bracket, the next step is beyond the last by so much of the
// distance to the best one:
constexpr double least_extension = 1.1;
constexpr double largest_extension = 4;
/// A bracket has to shrink to this in two steps, or is halved.
constexpr double sufficient_shrinking = 0.66;
/// A bracket as narrow as this, relative to its end, is at the end of the precision.
constexpr double narrowest = 1e-10;
/// What is left of the distance to a step that has no finite value.
constexpr double step_back_factor = 0.25;

/// Where the cubic through values and slopes of a and b has its minimum (the maximum where the
/// minimum lies on the far side of a: callers know their case). NaN where it has none.
double cubic_minimum(const Sample& a, const Sample& b) {
  const double theta = 3 * (a.value - b.value) / (b.step - a.step) + a.slope + b.slope;
  const double scale = std::max({std::abs(theta), std::abs(a.slope), std::abs(b.slope)});
  const double discriminant =
      (theta / scale) * (theta / scale) - (a.slope / scale) * (b.slope / scale);
  const double gamma = std::copysign(scale * std::sqrt(discriminant), b.step - a.step);
  const double p = gamma - a.slope + theta;
  const double q = gamma - a.slope + gamma + b.slope;
  return a.step + p / q * (b.step - a.step);
}

/// Of the parabola with a's value and slope and b's value.
double parabola_minimum(const Sample& a, const Sample& b) {
  const double distance = b.step - a.step;
  return a.step + a.slope / ((a.value - b.value) / distance + a.slope) / 2 * distance;
}

/// Of the parabola with the slopes of a and b.
double secant_minimum(const Sample& a, const Sample& b) {
  return b.step + b.slope / (b.slope - a.slope) * (a.step - b.step);
}

}  // namespace

LineSearch::LineSearch(const LineSearchSettings& settings, double value, double slope,
                       double first_step)
    : settings_(settings),
      start_{0, value, slope},
      step_(first_step),
      best_(start_),
      low_(start_),
      high_(start_),
      largest_step_((1 + largest_extension) * first_step),
      width_(std::numeric_limits<double>::infinity()),
      former_width_(width_),
      wall_(width_) {}

LineSearch::Verdict LineSearch::report(double value, double slope) {
  ++evaluations_;
  const Sample trial{step_, value, slope};
  const bool finite = std::isfinite(value) && std::isfinite(slope);
  if (finite && is_acceptable(trial)) return Verdict::accept;
  if (finite && decreases(trial, settings_.sufficient_decrease) && value < best_.value)
    best_ = trial;
  if (evaluations_ >= settings_.maximum_evaluations) return Verdict::give_up;
  if (finite)
    narrow(trial);
  else
    step_back();
  const bool exhausted =
      step_ == trial.step || step_ == low_.step || !(step_ > 0) || !std::isfinite(step_) ||
      (bracketed_ && std::abs(high_.step - low_.step) <=
                         narrowest * std::max(std::abs(high_.step), std::abs(low_.step)));
  return exhausted ? Verdict::give_up : Verdict::again;
}

bool LineSearch::is_acceptable(const Sample& trial) const {
  if (decreases(trial, settings_.sufficient_decrease))
    return std::abs(trial.slope) <= -settings_.curvature * start_.slope;
  return std::abs(trial.value - start_.value) <= settings_.noise * std::abs(start_.value) &&
         trial.slope >= settings_.curvature * start_.slope &&
         trial.slope <= (2 * settings_.sufficient_decrease - 1) * start_.slope;
}

void LineSearch::step_back() {
  if (step_ > low_.step) wall_ = step_;
  step_ = low_.step + step_back_factor * (step_ - low_.step);
}

/// Shrinks the interval by what `trial` says, and chooses the next step.
void LineSearch::narrow(const Sample& trial) {
  const double rate = settings_.sufficient_decrease;
  const bool sufficient = decreases(trial, rate);
  if (modified_ && sufficient && trial.slope >= 0) modified_ = false;

  // With a lower value that is not low enough, the minimum of the modified function is nearer.
  const double tilt =
      modified_ && !sufficient && trial.value <= low_.value ? rate * start_.slope : 0;
  const auto tilted = [tilt](const Sample& sample) {
    return Sample{sample.step, sample.value - tilt * sample.step, sample.slope - tilt};
  };
  const Sample low = tilted(low_);
  const Sample high = tilted(high_);
  const Sample here = tilted(trial);
  step_ = next_step(low, high, here);
  const bool opposite = (here.slope < 0) != (low.slope < 0);
  if (here.value > low.value) {
    bracketed_ = true;
    high_ = trial;
  } else {
    if (opposite) {
      bracketed_ = true;
      high_ = low_;
    }
    low_ = trial;
  }

  if (bracketed_) {
    const double width = std::abs(high_.step - low_.step);
    if (width >= sufficient_shrinking * former_width_)
      step_ = low_.step + (high_.step - low_.step) / 2;
    former_width_ = width_;
    width_ = width;
    // Also catches a NaN of the interpolation.
    const auto [first, last] = std::minmax(low_.step, high_.step);
    if (!(step_ > first && step_ < last)) step_ = low_.step + (high_.step - low_.step) / 2;
    least_step_ = first;
    largest_step_ = last;
  } else {
    least_step_ = step_ + least_extension * (step_ - low_.step);
    largest_step_ = step_ + largest_extension * (step_ - low_.step);
  }
  if (wall_ > low_.step) step_ = std::min(step_, low_.step + (wall_ - low_.step) / 2);
}

/// Section 4 of the paper, case by case. `low` and `high` are the interval without `trial`.
double LineSearch::next_step(const Sample& low, const Sample& high, const Sample& trial) const {
  const auto nearer = [](double to, double a, double b) {
    return std::abs(a - to) < std::abs(b - to) ? a : b;
  };
  const auto farther = [](double from, double a, double b) {
    return std::abs(a - from) > std::abs(b - from) ? a : b;
  };
  const bool forward = trial.step > low.step;

  // 1: a higher value. The minimum is between the two.
  if (trial.value > low.value) {
    const double cubic = cubic_minimum(low, trial);
    const double parabola = parabola_minimum(low, trial);
    return std::abs(cubic - low.step) <= std::abs(parabola - low.step)
               ? cubic
               : cubic + (parabola - cubic) / 2;
  }

  // 2: a lower value and slopes of opposite sign. The minimum is between the two.
  const double secant = secant_minimum(low, trial);
  if ((trial.slope < 0) != (low.slope < 0))
    return farther(trial.step, cubic_minimum(trial, low), secant);

  // 3: a lower value and a slope that is less steep. The minimum is likely to be further on.
  if (std::abs(trial.slope) < std::abs(low.slope)) {
    // The cubic may go down for ever, or have its minimum behind: then as far as allowed.
    double cubic = cubic_minimum(trial, low);
    if (!(forward ? cubic > trial.step : cubic < trial.step))
      cubic = forward ? largest_step_ : least_step_;
    if (!bracketed_)
      return std::clamp(farther(trial.step, cubic, secant), least_step_, largest_step_);
    const double limit = trial.step + sufficient_shrinking * (high.step - trial.step);
    const double next = nearer(trial.step, cubic, secant);
    return forward ? std::min(limit, next) : std::max(limit, next);
  }

  // 4: a lower value and a slope that is no less steep.
  if (bracketed_) return cubic_minimum(trial, high);
  return forward ? largest_step_ : least_step_;
}

}  // namespace gemmnet
