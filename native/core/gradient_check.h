#pragma once

#include "core/objective.h"

namespace gemmnet {

/// What a gradient check found for one tensor. Errors are relative:
/// |a - b| / max(|a| + |b|, tiny), in the Euclidean norm.
struct GradientError {
  std::size_t layer;
  const char* tensor;
  double relative_error;   // back-propagation against central differences, both in float64
  double precision_error;  // back-propagation in the network's own type against float64
};

/// Compares the gradient of the cost over `data` with central differences of step
/// `epsilon * max(1, |w|)`, for every parameter of a float64 copy of `network`.
template <typename T>
std::vector<GradientError> check_gradients(const Network<T>& network,
                                           const ObjectiveSettings& objective, const Dataset& data,
                                           double epsilon);

}  // namespace gemmnet
