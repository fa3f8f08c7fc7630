#include "core/metrics.h"

#include <iterator>

namespace gemmnet {

namespace {

/// The share of rows whose class is predicted: the largest output against the label, or against
/// the largest target; with one output, on the same side of 1/2 as the target. (Keras's
/// 'accuracy', which picks its categorical or binary form in the same way.)
template <typename T>
void add_correct(const double* /*options*/, const Predictions<T>& rows, double* sums) {
  const std::size_t columns = rows.outputs.columns;
  for (std::size_t r = 0; r < rows.outputs.rows; ++r) {
    const T* const output = rows.outputs.row(r);
    bool correct = false;
    if (columns == 1) {
      const T target = *rows.targets.row(r);
      correct = (*output > T(0.5)) == (target > T(0.5));
    } else {
      const std::size_t target = rows.labels != nullptr
                                     ? static_cast<std::size_t>(rows.labels[r])
                                     : largest_column(rows.targets.row(r), columns);
      correct = largest_column(output, columns) == target;
    }
    const double weight = rows.weights == nullptr ? 1 : static_cast<double>(rows.weights[r]);
    sums[0] += correct ? weight : 0;
    sums[1] += weight;
  }
}

std::size_t two(const double* /*options*/, std::size_t /*outputs*/) { return 2; }
std::size_t one(const double* /*options*/, std::size_t /*outputs*/) { return 1; }

/// sums[0] / sums[1]
void mean(const double* /*options*/, std::size_t /*outputs*/, const double* sums, double* values) {
  values[0] = sums[0] / sums[1];
}

template <typename T>
constexpr Metric<T> rows[] = {
    {"accuracy", {}, &two, &add_correct<T>, nullptr, &one, &mean, nullptr}};

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
