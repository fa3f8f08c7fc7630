#pragma once

#include "core/quasi_newton/line_search.h"
#include "core/quasi_newton/quasi_newton.h"

namespace gemmnet {

/// What methods with a line search have in common: `iterate` goes along -H gradient, where H is
/// what the method believes the inverse Hessian to be; as long as it knows nothing, along the
/// gradient.
template <typename T>
class LineSearchMethod : public QuasiNewton<T> {
 public:
  using typename QuasiNewton<T>::Stop;

  Progress iterate(Cost<T>& cost, std::span<T> point, const Stop& stop) override;

 protected:
  /// `maximum_evaluations` is the limit of one line search.
  LineSearchMethod(std::size_t size, double gradient_tolerance, std::size_t maximum_evaluations);

  [[nodiscard]] std::size_t shared_bytes() const;

  /// True if H is more than the identity.
  [[nodiscard]] virtual bool knows_curvature() const = 0;
  /// Replaces `vector` by H `vector`.
  virtual void apply_inverse_hessian(std::span<double> vector) = 0;
  /// Learns from the step between two points, if `is_usable` for that.
  virtual void learn(std::span<const T> from, std::span<const T> to,
                     std::span<const T> gradient_from, std::span<const T> gradient_to) = 0;

  /// The products of the step s and the gradient's change y.
  struct Pair {
    double sy;
    double ss;
    double yy;
    /// True if y's > epsilon |s| |y|, epsilon being that of T: else the cost is not convex along
    /// the step, or looks so for rounding, and H would not stay positive definite. (Independent of
    /// the scale of cost and point. After a step that fulfils the Wolfe conditions, y's is at least
    /// (1 - c2) |s'gradient|.)
    [[nodiscard]] bool is_usable() const;
  };
  static Pair pair(std::span<const T> from, std::span<const T> to, std::span<const T> gradient_from,
                   std::span<const T> gradient_to);

 private:
  enum class Outcome { accepted, failed, stopped };
  Outcome search(Cost<T>& cost, std::span<const T> point, double slope, double first_step,
                 const Stop& stop);
  /// Makes trial_ the point at `step` along direction_ and evaluates it.
  double evaluate_at(Cost<T>& cost, std::span<const T> point, double step);

  double gradient_tolerance_;
  LineSearchSettings line_search_;
  AlignedBuffer<double> direction_;
  AlignedBuffer<T> trial_;
  AlignedBuffer<T> trial_gradient_;
  double trial_value_ = 0;
};

}  // namespace gemmnet
