#include "core/quasi_newton/levenberg_marquardt.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

#include "core/gemm.h"
#include "core/quasi_newton/flat_vector.h"

namespace gemmnet {

namespace {

/// mu is searched in steps of this factor, from so many steps below the last.
constexpr double notch = 1.5;
constexpr int notches = 4;
constexpr double retreat = 1 / (notch * notch * notch * notch);
/// The share of a step over which the residuals' second derivative is taken: the authors' choice,
/// coarse enough for the differences to be more than rounding.
constexpr double probe = 0.1;
/// Twice the acceleration has to be below this share of the step, else the path is not understood.
constexpr double largest_bend = 0.75;

}  // namespace

template <typename T>
LevenbergMarquardt<T>::LevenbergMarquardt(std::size_t size, const DampingSettings& damping,
                                          double gradient_tolerance)
    : QuasiNewton<T>(size <= maximum_size ? size : 0),
      damping_(damping),
      gradient_tolerance_(gradient_tolerance),
      mu_(damping.initial) {
  if (size > maximum_size)
    throw std::invalid_argument(
        "levenbergMarquardt keeps matrices of parameters times parameters and takes " +
        std::to_string(maximum_size) + " of them at most, not " + std::to_string(size));
  if (!(damping.initial > 0 && damping.initial <= damping.maximum))
    throw std::invalid_argument("mu has to be above 0 and at most maximumMu");
  if (!(damping.increase > 1)) throw std::invalid_argument("muIncrease has to be above 1");
  if (!(damping.decrease > 0 && damping.decrease < 1))
    throw std::invalid_argument("muDecrease is a factor, between 0 and 1");
  curvature_ = AlignedBuffer<T>(size * size);
  factor_ = AlignedBuffer<double>(size * size);
  step_ = AlignedBuffer<double>(size);
  acceleration_ = AlignedBuffer<double>(size);
  trial_ = AlignedBuffer<T>(size);
  projection_ = AlignedBuffer<T>(size);
}

template <typename T>
Progress LevenbergMarquardt<T>::iterate(Cost<T>& cost, std::span<T> point, const Stop& stop) {
  auto* const squares = dynamic_cast<LeastSquaresCost<T>*>(&cost);
  if (squares == nullptr)
    throw std::invalid_argument("levenbergMarquardt takes a sum of squares only");
  if (!this->started_) {
    if (this->asked(stop)) return Progress::stopped;
    linearize(*squares, point);
    this->started_ = true;
  }
  const std::size_t size = point.size();
  const std::span<const T> gradient = this->gradient();
  const double steepest = largest_magnitude(gradient);
  double largest_curvature = 0;
  for (std::size_t i = 0; i < size; ++i) {
    const double own = static_cast<double>(curvature().row(i)[i]);
    if (own > largest_curvature || std::isnan(own)) largest_curvature = own;
  }
  if (!std::isfinite(this->value_) || !std::isfinite(steepest) || !std::isfinite(largest_curvature))
    return Progress::non_finite;
  if (steepest <= gradient_tolerance_) return Progress::converged;

  const double mu_before = mu_;
  const double least_mu = 2 * rounding<T> * largest_curvature;
  mu_ = std::max(mu_, least_mu);
  int failures = 0;
  for (; mu_ <= damping_.maximum; mu_ *= increase(failures++)) {
    if (!solve()) continue;
    if (this->asked(stop)) {
      mu_ = mu_before;
      return Progress::stopped;
    }
    accelerate(*squares, point);
    try_step(point, 1);
    if (std::equal(point.begin(), point.end(), trial_.data())) break;
    const double value = squares->value({trial_.data(), size});
    ++this->evaluations_;
    if (!(value < this->value_) || !std::isfinite(value)) continue;

    mu_ *= failures == 0 ? damping_.decrease : std::max(damping_.decrease, retreat);
    std::copy_n(trial_.data(), size, point.data());
    linearize(*squares, point);
    return largest_magnitude(gradient) <= gradient_tolerance_ ? Progress::converged
                                                              : Progress::moved;
  }
  mu_ = mu_before;
  return Progress::stuck;
}

template <typename T>
double LevenbergMarquardt<T>::increase(int failures) const {
  const int steps_beyond = failures - notches;
  return std::min(steps_beyond <= 0 ? notch : std::exp2(steps_beyond), damping_.increase);
}

template <typename T>
void LevenbergMarquardt<T>::linearize(LeastSquaresCost<T>& cost, std::span<const T> point) {
  this->value_ = cost.linearize(point, this->gradient_span(), curvature());
  ++this->evaluations_;
}

template <typename T>
bool LevenbergMarquardt<T>::solve() {
  const std::size_t size = step_.size();
  const MatrixView<double> factor(factor_.data(), size, size);
  for (std::size_t i = 0; i < size; ++i) {
    for (std::size_t j = 0; j <= i; ++j)
      factor.row(i)[j] = static_cast<double>(curvature().row(i)[j]);
    factor.row(i)[i] += mu_;
    step_[i] = -static_cast<double>(this->gradient_[i]);
  }
  if (!factorize_cholesky(factor)) return false;
  solve_cholesky(factor, step_.data());
  return true;
}

template <typename T>
void LevenbergMarquardt<T>::try_step(std::span<const T> point, double share) {
  for (std::size_t i = 0; i < point.size(); ++i)
    trial_[i] = static_cast<T>(static_cast<double>(point[i]) + share * step_[i]);
}

template <typename T>
void LevenbergMarquardt<T>::accelerate(LeastSquaresCost<T>& cost, std::span<const T> point) {
  const std::size_t size = step_.size();
  try_step(point, probe);
  cost.project(point, {trial_.data(), size}, {projection_.data(), size});
  ++this->evaluations_;
  // r(point + h p) = r + h J p + h^2 / 2 r'', and 2c J'J p = -gradient - mu p.
  for (std::size_t i = 0; i < size; ++i) {
    const double slope = static_cast<double>(this->gradient_[i]);
    const double change = static_cast<double>(projection_[i]) - slope;
    acceleration_[i] = -2 / probe * (change / probe + slope + mu_ * step_[i]);
  }
  solve_cholesky({factor_.data(), size, size}, acceleration_.data());
  const std::span<const double> bend(acceleration_.data(), size);
  const std::span<const double> velocity(step_.data(), size);
  // Nothing is added where a number is not finite.
  if (!(4 * dot(bend, bend) <= largest_bend * largest_bend * dot(velocity, velocity))) return;
  for (std::size_t i = 0; i < size; ++i) step_[i] += acceleration_[i] / 2;
}

template <typename T>
void LevenbergMarquardt<T>::visit_state(StateVisitor& visitor) {
  visitor.visit("mu", std::span(&mu_, 1));
}

template <typename T>
std::size_t LevenbergMarquardt<T>::bytes() const {
  return this->gradient_.bytes() + curvature_.bytes() + factor_.bytes() + step_.bytes() +
         acceleration_.bytes() + trial_.bytes() + projection_.bytes();
}

template class LevenbergMarquardt<float>;
template class LevenbergMarquardt<double>;

}  // namespace gemmnet
