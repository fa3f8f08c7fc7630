#include "core/quasi_newton/line_search_method.h"

#include <algorithm>
#include <cmath>

#include "core/quasi_newton/flat_vector.h"

namespace gemmnet {

namespace {

template <typename U>
auto span_of(AlignedBuffer<U>& buffer) {
  return std::span<U>(buffer.data(), buffer.size());
}

}  // namespace

template <typename T>
LineSearchMethod<T>::LineSearchMethod(std::size_t size, double gradient_tolerance,
                                      std::size_t maximum_evaluations)
    : QuasiNewton<T>(size),
      gradient_tolerance_(gradient_tolerance),
      line_search_{.sufficient_decrease = 1e-4,
                   .curvature = 0.9,
                   .noise = 8 * rounding<T>,
                   .maximum_evaluations = maximum_evaluations},
      direction_(size),
      trial_(size),
      trial_gradient_(size) {}

template <typename T>
Progress LineSearchMethod<T>::iterate(Cost<T>& cost, std::span<T> point, const Stop& stop) {
  const auto gradient = this->gradient_span();
  if (!this->started_) {
    if (this->asked(stop)) return Progress::stopped;
    this->value_ = cost.evaluate(point, gradient);
    ++this->evaluations_;
    if (this->asked(stop)) return Progress::stopped;  // it may have been what ended the evaluation
    this->started_ = true;
  }
  const double steepest = largest_magnitude(gradient);
  if (!std::isfinite(this->value_) || !std::isfinite(steepest)) return Progress::non_finite;
  if (steepest <= gradient_tolerance_) return Progress::converged;

  const auto direction = span_of(direction_);
  // Along -H gradient and, should that lead nowhere, once along the gradient, which ends the trust
  // in H. What is known does not change before a step is taken: a stop must leave no trace.
  bool failed = false;
  for (;;) {
    const bool trusts_curvature = knows_curvature() && !failed;
    for (std::size_t i = 0; i < direction.size(); ++i)
      direction[i] = -static_cast<double>(gradient[i]);
    if (trusts_curvature) apply_inverse_hessian(direction);
    const double slope = dot(gradient, direction);
    // Where nothing is known, a step of length 1, as L-BFGS-B takes it; after a failure, which
    // happens near a minimum, no longer than the gradient.
    const double unit = 1 / std::sqrt(-slope);
    const double first_step = trusts_curvature ? 1 : (failed ? std::min(1.0, unit) : unit);
    const Outcome outcome = slope < 0 && std::isfinite(slope)
                                ? search(cost, point, slope, first_step, stop)
                                : Outcome::failed;
    if (outcome == Outcome::stopped) return Progress::stopped;
    if (outcome == Outcome::accepted) break;
    if (!trusts_curvature) return Progress::stuck;
    failed = true;
  }

  if (failed) this->forget();
  learn(point, span_of(trial_), gradient, span_of(trial_gradient_));
  std::copy_n(trial_.data(), trial_.size(), point.data());
  std::swap(this->gradient_, trial_gradient_);
  this->value_ = trial_value_;
  return largest_magnitude(this->gradient()) <= gradient_tolerance_ ? Progress::converged
                                                                    : Progress::moved;
}

/// On success, the trial is what to go on from.
template <typename T>
typename LineSearchMethod<T>::Outcome LineSearchMethod<T>::search(Cost<T>& cost,
                                                                  std::span<const T> point,
                                                                  double slope, double first_step,
                                                                  const Stop& stop) {
  LineSearch search(line_search_, this->value_, slope, first_step);
  for (;;) {
    if (this->asked(stop)) return Outcome::stopped;
    const double step = search.step();
    trial_value_ = evaluate_at(cost, point, step);
    if (std::isnan(trial_value_) && this->asked(stop)) return Outcome::stopped;
    const double trial_slope = dot(span_of(trial_gradient_), span_of(direction_));
    switch (search.report(trial_value_, trial_slope)) {
      case LineSearch::Verdict::again:
        continue;
      case LineSearch::Verdict::accept:
        // A step that rounding swallowed would be taken for ever.
        return std::equal(point.begin(), point.end(), trial_.data()) ? Outcome::failed
                                                                     : Outcome::accepted;
      case LineSearch::Verdict::give_up:
        break;
    }
    if (search.best_step() == 0) return Outcome::failed;
    if (search.best_step() != step) {
      if (this->asked(stop)) return Outcome::stopped;
      trial_value_ = evaluate_at(cost, point, search.best_step());
      if (std::isnan(trial_value_) && this->asked(stop)) return Outcome::stopped;
    }
    return Outcome::accepted;
  }
}

template <typename T>
double LineSearchMethod<T>::evaluate_at(Cost<T>& cost, std::span<const T> point, double step) {
  for (std::size_t i = 0; i < point.size(); ++i)
    trial_[i] = static_cast<T>(static_cast<double>(point[i]) + step * direction_[i]);
  ++this->evaluations_;
  return cost.evaluate(span_of(trial_), span_of(trial_gradient_));
}

template <typename T>
std::size_t LineSearchMethod<T>::shared_bytes() const {
  return this->gradient_.bytes() + direction_.bytes() + trial_.bytes() + trial_gradient_.bytes();
}

template <typename T>
bool LineSearchMethod<T>::Pair::is_usable() const {
  return sy > 2 * rounding<T> * std::sqrt(ss) * std::sqrt(yy) && std::isfinite(yy);
}

template <typename T>
typename LineSearchMethod<T>::Pair LineSearchMethod<T>::pair(std::span<const T> from,
                                                             std::span<const T> to,
                                                             std::span<const T> gradient_from,
                                                             std::span<const T> gradient_to) {
  const auto s = [&](std::size_t i) {
    return static_cast<double>(to[i]) - static_cast<double>(from[i]);
  };
  const auto y = [&](std::size_t i) {
    return static_cast<double>(gradient_to[i]) - static_cast<double>(gradient_from[i]);
  };
  return {ordered_sum(from.size(), [&](std::size_t i) { return s(i) * y(i); }),
          ordered_sum(from.size(), [&](std::size_t i) { return s(i) * s(i); }),
          ordered_sum(from.size(), [&](std::size_t i) { return y(i) * y(i); })};
}

template class LineSearchMethod<float>;
template class LineSearchMethod<double>;

}  // namespace gemmnet
