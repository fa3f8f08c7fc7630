#pragma once

#include "core/quasi_newton/line_search_method.h"

namespace gemmnet {

/// BFGS: H, dense and in double, updated after each step by
///   H <- (I - r s y') H (I - r y s') + r s s',  r = 1 / y's,
/// and before the first update (s'y / y'y) I. J. Nocedal and S. Wright, Numerical Optimization, 2nd
/// edition, algorithm 6.1 and equation 6.20.
template <typename T>
class Bfgs final : public LineSearchMethod<T> {
 public:
  /// H then takes 800 MB.
  static constexpr std::size_t maximum_size = 10'000;

  /// Throws std::invalid_argument above maximum_size.
  Bfgs(std::size_t size, double gradient_tolerance, std::size_t maximum_evaluations);

  [[nodiscard]] std::size_t bytes() const override;

 protected:
  void forget() override { updates_ = 0; }
  void visit_state(StateVisitor& visitor) override;
  [[nodiscard]] bool knows_curvature() const override { return updates_ > 0; }
  void apply_inverse_hessian(std::span<double> vector) override;
  void learn(std::span<const T> from, std::span<const T> to, std::span<const T> gradient_from,
             std::span<const T> gradient_to) override;

 private:
  MatrixView<double> inverse_hessian() {
    return {inverse_hessian_.data(), step_.size(), step_.size()};
  }

  AlignedBuffer<double> inverse_hessian_;  // the lower triangle is valid, after an update
  std::uint64_t updates_ = 0;
  // No state:
  AlignedBuffer<double> step_;
  AlignedBuffer<double> change_;
  AlignedBuffer<double> product_;
};

}  // namespace gemmnet
