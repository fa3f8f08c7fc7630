#pragma once

#include "core/quasi_newton/quasi_newton.h"

namespace gemmnet {

/// Within what the damping mu of Levenberg and Marquardt's method moves.
struct DampingSettings {
  double initial;
  double increase;  // the largest factor that mu grows by at once, above 1
  double decrease;  // the smallest factor that mu shrinks by at once, below 1
  double maximum;   // beyond it the method is stuck
};

/// Levenberg and Marquardt's method, for sums of squares: the step p solves (C + mu I) p =
/// -gradient, C being the Gauss-Newton Hessian of the cost, by Cholesky's factorization in double.
/// A step that makes the cost fall ends the iteration; else a larger mu is tried.
///
/// p is the velocity of a path along which the residuals change evenly, and goes straight on where
/// the path bends. So half the path's acceleration is added, a solution of the same equations with
/// J'r'', r'' being the residuals' second derivative along p, by differences; unless it is not
/// small beside p. On the floor of a narrow valley this takes a third of the iterations.
///
/// mu is the smallest, within a factor of 1.5, that makes the cost fall: an iteration begins at a
/// fifth of the mu that the last one took (at `decrease` times it if it took its first) and goes up
/// by 1.5, after five failures by 2, 4, 8 and so on. Without the acceleration this took about half
/// the iterations that waiting for a trustworthy quadratic model took (H. Nielsen's rule), and
/// fixed factors of 10 got nowhere; the trials cost no Jacobian.
///
/// Both, as "geodesic acceleration" and "delayed gratification", are of M. Transtrum and J. Sethna,
/// "Improvements to the Levenberg-Marquardt algorithm for nonlinear least-squares minimization",
/// arXiv:1201.5885 (2012).
/// mu stays above the rounding of C's diagonal, below which it changes nothing.
template <typename T>
class LevenbergMarquardt final : public QuasiNewton<T> {
 public:
  /// C and its factor, a matrix of double, then take 400 MB together, 300 MB if T is float.
  static constexpr std::size_t maximum_size = 5'000;

  using typename QuasiNewton<T>::Stop;

  /// Throws std::invalid_argument above maximum_size, and for damping that would not move or begins
  /// beyond its maximum.
  LevenbergMarquardt(std::size_t size, const DampingSettings& damping, double gradient_tolerance);

  /// `cost` has to be a LeastSquaresCost; throws std::invalid_argument if it is not.
  Progress iterate(Cost<T>& cost, std::span<T> point, const Stop& stop) override;

  [[nodiscard]] std::size_t bytes() const override;

  [[nodiscard]] double damping() const { return mu_; }

 protected:
  void forget() override { mu_ = damping_.initial; }
  void visit_state(StateVisitor& visitor) override;

 private:
  MatrixView<T> curvature() { return {curvature_.data(), step_.size(), step_.size()}; }
  void linearize(LeastSquaresCost<T>& cost, std::span<const T> point);
  /// False if C + mu I is not positive definite.
  bool solve();
  /// Makes trial_ the point at a share of step_.
  void try_step(std::span<const T> point, double share);
  /// Adds the acceleration to step_, which has the velocity.
  void accelerate(LeastSquaresCost<T>& cost, std::span<const T> point);
  /// The factor for mu after so many failures before this one.
  [[nodiscard]] double increase(int failures) const;

  DampingSettings damping_;
  double gradient_tolerance_;
  double mu_;
  // No state: functions of the point.
  AlignedBuffer<T> curvature_;
  AlignedBuffer<double> factor_;
  AlignedBuffer<double> step_;
  AlignedBuffer<double> acceleration_;
  AlignedBuffer<T> trial_;
  AlignedBuffer<T> projection_;
};

}  // namespace gemmnet
