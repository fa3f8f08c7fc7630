#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "core/matrix.h"
#include "core/quasi_newton/cost.h"

namespace gemmnet {

/// What one iteration came to.
enum class Progress : std::uint8_t {
  moved,  // the value fell (near a minimum: the slope did, the value being equal but for rounding)
  converged,   // no derivative is larger than the gradient tolerance (moved there, or began there)
  stuck,       // no step made the value fall: most often the end of the number format's precision
  non_finite,  // value or gradient at the start is NaN or infinite
  stopped      // asked to; the point is where this iteration began
};

/// Reads or overwrites what a method remembers between iterations, for checkpoints. Names and
/// lengths depend on the method's options and size only.
class StateVisitor {
 public:
  virtual ~StateVisitor() = default;
  virtual void visit(const char* name, std::span<float> values) = 0;
  virtual void visit(const char* name, std::span<double> values) = 0;
  virtual void visit(const char* name, std::span<std::uint64_t> values) = 0;
};

/// A minimiser that learns the curvature of a cost from its gradients, one iteration a call. It
/// knows nothing of networks and allocates nothing after its construction. On one thread.
template <typename T>
class QuasiNewton {
 public:
  /// Asked between evaluations; may be empty.
  using Stop = std::function<bool()>;

  virtual ~QuasiNewton() = default;

  /// One iteration from `point`, which it updates; value() and gradient() are then those at the
  /// new point. The first call, and the first after reset() and set_state(), evaluates the start.
  /// Stopped in between, it forgets what it tried: the next call does the same iteration.
  virtual Progress iterate(Cost<T>& cost, std::span<T> point, const Stop& stop) = 0;

  /// Forgets the curvature: the caller changed the point or the cost.
  void reset() {
    started_ = false;
    forget();
  }

  [[nodiscard]] double value() const { return value_; }
  [[nodiscard]] std::span<const T> gradient() const { return {gradient_.data(), gradient_.size()}; }
  /// Evaluations of the cost since the construction, with or without gradient.
  [[nodiscard]] std::uint64_t evaluations() const { return evaluations_; }
  /// Memory of this object.
  [[nodiscard]] virtual std::size_t bytes() const = 0;

  /// Shows the state to a visitor that only reads.
  void get_state(StateVisitor& visitor) { visit_state(visitor); }
  /// Lets a visitor overwrite the state. From the same state and point the iterations are the same
  /// to the last bit, with one more evaluation, of the start.
  void set_state(StateVisitor& visitor) {
    started_ = false;
    visit_state(visitor);
  }

 protected:
  explicit QuasiNewton(std::size_t size) : gradient_(size) {}

  virtual void forget() = 0;
  /// What a point is not evaluated for: curvature, damping, counters.
  virtual void visit_state(StateVisitor& visitor) = 0;

  std::span<T> gradient_span() { return {gradient_.data(), gradient_.size()}; }
  static bool asked(const Stop& stop) { return stop && stop(); }

  bool started_ = false;  // value_ and gradient_ are those at the caller's point
  double value_ = 0;
  AlignedBuffer<T> gradient_;
  std::uint64_t evaluations_ = 0;
};

}  // namespace gemmnet
