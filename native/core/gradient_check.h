#pragma once

#include "core/objective.h"

namespace gemmnet {

/// What a gradient check found for one tensor.
struct GradientError {
  std::size_t layer;
  std::string tensor;
  /// Back-propagation against central differences, both in float64: |a - b| / max(|a| + |b|, least)
  /// of the tensor, in the Euclidean norm. `least` is where the rounding of the cost leaves the
  /// differences seven digits: a gradient that is 0, or much smaller than the cost, is not judged
  /// by that rounding. It hides no error above 1e-7 of it, some 1e-9 of the cost.
  double relative_error;
  /// Back-propagation in the network's own type against float64: |a - b| of the tensor over |b| of
  /// all tensors together, since the terms of one alone may cancel, or over `least` of them.
  double precision_error;
};

/// Compares the gradient of the cost over `data` with central differences of step
/// `epsilon * max(1, |w|)`, for every parameter of a float64 copy of `network`.
template <typename T>
std::vector<GradientError> check_gradients(const Network<T>& network,
                                           const ObjectiveSettings& objective, const Dataset& data,
                                           double epsilon);

}  // namespace gemmnet
