#include "core/metrics.h"

#include <iterator>

namespace gemmnet {

namespace {

/// The share of rows whose class is predicted: the largest output against the label, or against
/// the largest target; with one output, on the same side of 1/2 as the target. (Keras's
/// 'accuracy', which picks its categorical or binary form in the same way.)
template <typename T>
double correct_rows(const Predictions<T>& rows) {
  const std::size_t columns = rows.outputs.columns;
  std::size_t correct = 0;
  for (std::size_t r = 0; r < rows.outputs.rows; ++r) {
    const T* const output = rows.outputs.row(r);
    if (columns == 1) {
      const T target = *rows.targets.row(r);
      correct += (*output > T(0.5)) == (target > T(0.5)) ? 1 : 0;
    } else {
      const std::size_t target = rows.labels != nullptr
                                     ? static_cast<std::size_t>(rows.labels[r])
                                     : largest_column(rows.targets.row(r), columns);
      correct += largest_column(output, columns) == target ? 1 : 0;
    }
  }
  return static_cast<double>(correct);
}

template <typename T>
constexpr Metric<T> rows[] = {{"accuracy", &correct_rows<T>}};

}  // namespace

template <>
Table<Metric<float>> metrics() {
  return {rows<float>, std::size(rows<float>)};
}
template <>
Table<Metric<double>> metrics() {
  return {rows<double>, std::size(rows<double>)};
}

}  // namespace gemmnet
