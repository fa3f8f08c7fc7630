#pragma once

#include <cstddef>
#include <span>

#include "core/matrix.h"

namespace gemmnet {

/// A function of a flat vector, to be made small.
template <typename T>
class Cost {
 public:
  virtual ~Cost() = default;

  [[nodiscard]] virtual std::size_t size() const = 0;

  /// The value at `point`; writes the gradient. Both may be NaN or infinite: a line search then
  /// steps back.
  virtual double evaluate(std::span<const T> point, std::span<T> gradient) = 0;
};

/// A cost that is c r'r for a vector r of residuals and a number c > 0, with J = dr/dpoint.
template <typename T>
class LeastSquaresCost : public Cost<T> {
 public:
  /// The value c r'r at `point`; writes its gradient 2c J'r and, into the lower triangle at least
  /// of `curvature` (size, size), its Gauss-Newton Hessian 2c J'J.
  virtual double linearize(std::span<const T> point, std::span<T> gradient,
                           MatrixView<T> curvature) = 0;

  /// The value at `point` alone.
  virtual double value(std::span<const T> point) = 0;

  /// Writes 2c J'r, with J at `point` and r at `moved`.
  virtual void project(std::span<const T> point, std::span<const T> moved,
                       std::span<T> gradient) = 0;
};

}  // namespace gemmnet
