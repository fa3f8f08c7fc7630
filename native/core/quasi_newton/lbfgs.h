#pragma once

#include "core/quasi_newton/line_search_method.h"

namespace gemmnet {

/// Limited-memory BFGS: H from the last `history` steps s and changes y of the gradient, by the
/// two-loop recursion, started at (s'y / y'y) I of the newest pair. J. Nocedal and S. Wright,
/// Numerical Optimization, 2nd edition, algorithms 7.4 and 7.5.
template <typename T>
class Lbfgs final : public LineSearchMethod<T> {
 public:
  /// Throws std::invalid_argument for a history of 0.
  Lbfgs(std::size_t size, std::size_t history, double gradient_tolerance,
        std::size_t maximum_evaluations);

  [[nodiscard]] std::size_t bytes() const override;

 protected:
  void forget() override;
  void visit_state(StateVisitor& visitor) override;
  [[nodiscard]] bool knows_curvature() const override { return counts_.pairs > 0; }
  void apply_inverse_hessian(std::span<double> vector) override;
  void learn(std::span<const T> from, std::span<const T> to, std::span<const T> gradient_from,
             std::span<const T> gradient_to) override;

 private:
  /// Where the pair is that was learnt `age` pairs before the newest.
  [[nodiscard]] std::size_t slot(std::size_t age) const {
    return (counts_.next + history_ - 1 - age) % history_;
  }
  std::span<T> row(AlignedBuffer<T>& pairs, std::size_t index);

  std::size_t history_;
  AlignedBuffer<T> steps_;          // (history, size), a ring
  AlignedBuffer<T> changes_;        // (history, size)
  AlignedBuffer<double> products_;  // s'y of each pair
  AlignedBuffer<double> weights_;   // of the recursion; no state
  double scale_ = 1;
  struct {
    std::uint64_t pairs = 0;  // in the ring
    std::uint64_t next = 0;   // the slot to be written next
  } counts_;
};

}  // namespace gemmnet
