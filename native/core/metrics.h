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

/// How precision, recall and F1 become one figure: the numbers of their option `average`.
enum class ClassAverage : std::uint8_t {
  automatic,  // binary with one output, else macro
  macro,      // mean over the classes that occur, among the targets or the predictions
  micro,      // of the sums over all classes
  weighted,   // mean over classes by the weight of their rows
  binary,     // of class 1; for at most two classes
};

/// How the areas of several outputs become one figure: the numbers of rocAuc's option `average`.
enum class AreaAverage : std::uint8_t {
  macro,     // mean over outputs
  weighted,  // mean over outputs by the weight of their positive rows
};

/// A figure of some rows, by sums that rows are added to, or by all of them at once. One that
/// nothing defines (of no rows, or an area with one class only) is NaN.
template <typename T>
struct Metric {
  const char* name;
  OptionNames options;
  /// Why these options do not fit that many outputs, or null; the functions below are only called
  /// where they fit.
  const char* (*refusal)(const double* options, std::size_t outputs);
  /// How many sums it keeps, zero before the first row.
  std::size_t (*sums)(const double* options, std::size_t outputs);
  void (*add)(const double* options, const Predictions<T>& rows, double* sums);
  /// into = what `add` makes of the rows of both; null: element by element, into += from.
  void (*merge)(const double* options, std::size_t outputs, const double* from, double* into);
  /// How many values it has: 1, or those of a matrix.
  std::size_t (*values)(const double* options, std::size_t outputs);
  void (*finish)(const double* options, std::size_t outputs, const double* sums, double* values);
  /// For a metric that no sums give (`sums` is 0; `add`, `merge` and `finish` are null): its one
  /// value from all rows. Needs memory for as many numbers as there are rows.
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
