#pragma once

#include "core/instruction_sets.h"

namespace gemmnet {

/// What a metric is told of some rows: outputs against class labels or dense targets.
template <typename T>
struct Predictions {
  MatrixView<const T> outputs;
  MatrixView<const T> targets;  // no data where there are labels and several outputs
  const std::int32_t* labels;   // or null
};

/// A mean over rows. `sum` returns the sum of what each row counts.
template <typename T>
struct Metric {
  const char* name;
  double (*sum)(const Predictions<T>& rows);
};

template <typename T>
Table<Metric<T>> metrics();

/// Column of the largest value of a row; the first of several.
template <typename T>
std::size_t largest_column(const T* row, std::size_t columns) {
  std::size_t best = 0;
  for (std::size_t c = 1; c < columns; ++c)
    if (row[c] > row[best]) best = c;
  return best;
}

}  // namespace gemmnet
