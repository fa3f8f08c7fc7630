#pragma once

#include <memory>

#include "core/kernels/tables.h"
#include "core/quasi_newton/quasi_newton.h"

namespace gemmnet {

/// One way to minimise over the whole parameter block at once.
template <typename T>
struct QuasiNewtonMethod {
  const char* name;
  OptionNames options;
  bool least_squares;        // takes a LeastSquaresCost only
  std::size_t maximum_size;  // parameters that it takes at most; 0: any number

  /// For `size` parameters. Throws std::invalid_argument if they are too many for the method.
  std::unique_ptr<QuasiNewton<T>> (*make)(const double* options, std::size_t size);
};

template <typename T>
Table<QuasiNewtonMethod<T>> quasi_newton_methods();

}  // namespace gemmnet
