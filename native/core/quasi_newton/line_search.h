#pragma once

#include <cstddef>

namespace gemmnet {

/// What is asked of a step.
struct LineSearchSettings {
  double sufficient_decrease;  // c1 of the Wolfe conditions
  double curvature;            // c2, above c1
  double noise;                // what a value may be wrong by, relative to it
  std::size_t maximum_evaluations;
};

/// Finds a step a > 0 along a descent direction at which the strong Wolfe conditions hold,
///   f(a) <= f(0) + c1 a f'(0)  and  |f'(a)| <= c2 |f'(0)|,
/// by the method of J. More and D. Thuente, "Line search algorithms with guaranteed sufficient
/// decrease", ACM TOMS 20 (1994). Where f(a) equals f(0) but for rounding, so that the first
/// condition would be decided by chance, it takes its form in slopes instead, after W. Hager and
/// H. Zhang, SIAM J. Optim. 16 (2005): f'(a) <= (2 c1 - 1) f'(0), which is the same for a
/// quadratic.
///
/// The caller evaluates: `while ((verdict = search.report(f(step), f'(step))) == again) ...`.
class LineSearch {
 public:
  enum class Verdict { again, accept, give_up };
  struct Sample {
    double step = 0;
    double value = 0;
    double slope = 0;
  };

  /// `slope`, the derivative along the direction at step 0, is negative.
  LineSearch(const LineSearchSettings& settings, double value, double slope, double first_step);

  /// The step to evaluate next.
  [[nodiscard]] double step() const { return step_; }

  /// Value and slope at step(); NaN and infinity bring a shorter one.
  Verdict report(double value, double slope);

  /// After `give_up`: the step with the least value among those that decrease it sufficiently; 0 if
  /// there was none.
  [[nodiscard]] double best_step() const { return best_.step; }

 private:
  [[nodiscard]] bool decreases(const Sample& trial, double rate) const {
    return trial.value <= start_.value + rate * trial.step * start_.slope;
  }
  [[nodiscard]] bool is_acceptable(const Sample& trial) const;
  void step_back();
  void narrow(const Sample& trial);
  double next_step(const Sample& low, const Sample& high, const Sample& trial) const;

  LineSearchSettings settings_;
  Sample start_;
  double step_;
  std::size_t evaluations_ = 0;
  Sample best_;
  // The interval: `low_` has the least value so far, and the slope there points to `high_`.
  Sample low_;
  Sample high_;
  bool bracketed_ = false;  // a minimum lies between the two; else `high_` means nothing
  bool modified_ = true;    // the first stage, which looks at f(a) - f(0) - c1 a f'(0)
  // The next step lies between these.
  double least_step_ = 0;
  double largest_step_;
  double width_;         // of the bracket
  double former_width_;  // two steps ago
  double wall_;          // the shortest step so far where f was not finite
};

}  // namespace gemmnet
