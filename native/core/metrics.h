#pragma once

#include "core/instruction_sets.h"

namespace gemmnet {

/// What a metric is told of some rows: outputs against class labels or dense targets.
template <typename T>
struct Predictions {
  MatrixView<const T> outputs;
  MatrixView<const T> targets;           // no data where there are labels and several outputs
  const std::int32_t* labels = nullptr;  // class indices, or null
  const T* weights = nullptr;            // one per row, or null: 1
};

/// A figure of some rows, by sums that rows are added to, or by all of them at once.
template <typename T>
struct Metric {
  const char* name;
  OptionNames options;
  /// How many sums it keeps, zero before the first row.
  std::size_t (*sums)(const double* options, std::size_t outputs);
  void (*add)(const double* options, const Predictions<T>& rows, double* sums);
  /// into = what `add` makes of the rows of both; null: element by element, into += from.
  void (*merge)(const double* options, std::size_t outputs, const double* from, double* into);
  /// How many values it has: 1, or those of a matrix.
  std::size_t (*values)(const double* options, std::size_t outputs);
  void (*finish)(const double* options, std::size_t outputs, const double* sums, double* values);
  /// For a metric that no sums give (`sums` is 0, the others null): its value from all rows.
  double (*of_all)(const double* options, const Predictions<T>& rows);
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
