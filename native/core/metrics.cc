// Over 400 lines: a table, and what its rows share.
#include "core/metrics.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <vector>

namespace gemmnet {

namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

// What the rows of a set say, whichever way.

/// One output tells two classes apart, several outputs have a class each.
std::size_t class_count(std::size_t outputs) { return outputs == 1 ? 2 : outputs; }

template <typename T>
double weight_of(const Predictions<T>& rows, std::size_t r) {
  return rows.weights == nullptr ? 1 : static_cast<double>(rows.weights[r]);
}

/// Dense, or the one-hot target of a label.
template <typename T>
double target_of(const Predictions<T>& rows, std::size_t r, std::size_t column) {
  if (rows.targets.data != nullptr) return static_cast<double>(rows.targets.row(r)[column]);
  const auto label = static_cast<std::size_t>(rows.labels[r]);
  if (rows.outputs.columns == 1) return static_cast<double>(label);
  return label == column ? 1 : 0;
}

/// The class that a row is in: its label or its largest target; with one output, by 1/2.
template <typename T>
std::size_t true_class(const Predictions<T>& rows, std::size_t r) {
  if (rows.outputs.columns == 1) return target_of(rows, r, 0) > 0.5 ? 1 : 0;
  if (rows.labels != nullptr) return static_cast<std::size_t>(rows.labels[r]);
  return largest_column(rows.targets.row(r), rows.outputs.columns);
}

/// The class of the largest output; with one output, by 1/2.
template <typename T>
std::size_t predicted_class(const Predictions<T>& rows, std::size_t r) {
  const T* const output = rows.outputs.row(r);
  if (rows.outputs.columns == 1) return *output > T(0.5) ? 1 : 0;
  return largest_column(output, rows.outputs.columns);
}

const char* no_refusal(const double* /*options*/, std::size_t /*outputs*/) { return nullptr; }
std::size_t none(const double* /*options*/, std::size_t /*outputs*/) { return 0; }
std::size_t one(const double* /*options*/, std::size_t /*outputs*/) { return 1; }
std::size_t two(const double* /*options*/, std::size_t /*outputs*/) { return 2; }

// Means over rows: sums are the weighted figures and the weights.

/// `figure(r)` is that of row r.
template <typename T, typename Figure>
void add_mean(const Predictions<T>& rows, double* sums, const Figure& figure) {
  for (std::size_t r = 0; r < rows.outputs.rows; ++r) {
    const double weight = weight_of(rows, r);
    sums[0] += weight * figure(r);
    sums[1] += weight;
  }
}

/// `figure(output, target)` is that of one output; a row's is their mean.
template <typename T, typename Figure>
void add_mean_of_outputs(const Predictions<T>& rows, double* sums, const Figure& figure) {
  const std::size_t columns = rows.outputs.columns;
  add_mean(rows, sums, [&](std::size_t r) {
    const T* const output = rows.outputs.row(r);
    double sum = 0;
    for (std::size_t c = 0; c < columns; ++c)
      sum += figure(static_cast<double>(output[c]), target_of(rows, r, c));
    return sum / static_cast<double>(columns);
  });
}

void finish_mean(const double* /*options*/, std::size_t /*outputs*/, const double* sums,
                 double* values) {
  values[0] = sums[0] / sums[1];
}

void finish_root(const double* options, std::size_t outputs, const double* sums, double* values) {
  finish_mean(options, outputs, sums, values);
  values[0] = std::sqrt(values[0]);
}

/// The share of rows whose class is predicted. (Keras's 'accuracy', which picks its categorical or
/// binary form in the same way.)
template <typename T>
void add_accuracy(const double* /*options*/, const Predictions<T>& rows, double* sums) {
  add_mean(rows, sums, [&](std::size_t r) -> double {
    return predicted_class(rows, r) == true_class(rows, r) ? 1 : 0;
  });
}

/// The share of outputs that are above the threshold where their target is above 1/2, and else not.
constexpr const char* binary_accuracy_options[] = {"threshold"};

template <typename T>
void add_binary_accuracy(const double* options, const Predictions<T>& rows, double* sums) {
  const double threshold = static_cast<double>(static_cast<T>(options[0]));  // as Keras compares
  add_mean_of_outputs(rows, sums, [&](double output, double target) -> double {
    return (output > threshold) == (target > 0.5) ? 1 : 0;
  });
}

/// The share of rows with fewer than k outputs above that of their class: ties count as right, NaN
/// as above. With one output and k above 1, both classes are among the first k.
constexpr const char* top_k_options[] = {"k"};

template <typename T>
void add_top_k(const double* options, const Predictions<T>& rows, double* sums) {
  const std::size_t columns = rows.outputs.columns;
  add_mean(rows, sums, [&](std::size_t r) -> double {
    const std::size_t target = true_class(rows, r);
    if (columns == 1) return options[0] > 1 || predicted_class(rows, r) == target ? 1 : 0;
    const T* const output = rows.outputs.row(r);
    double above = 0;
    for (std::size_t c = 0; c < columns; ++c)
      if (c != target && !(output[c] <= output[target])) ++above;
    return above < options[0] ? 1 : 0;
  });
}

/// log of a probability, kept as far from 0 and 1 as T tells numbers from 1.
template <typename T>
double clipped_log(double probability) {
  constexpr auto epsilon = static_cast<double>(std::numeric_limits<T>::epsilon());
  if (probability < epsilon) probability = epsilon;
  if (probability > 1 - epsilon) probability = 1 - epsilon;
  return std::log(probability);
}

/// -sum of y log a over classes; with one output -(y log a + (1 - y) log(1 - a)).
template <typename T>
void add_log_loss(const double* /*options*/, const Predictions<T>& rows, double* sums) {
  const std::size_t columns = rows.outputs.columns;
  add_mean(rows, sums, [&](std::size_t r) {
    const T* const output = rows.outputs.row(r);
    if (columns == 1) {
      const double a = static_cast<double>(*output);
      const double y = target_of(rows, r, 0);
      return -y * clipped_log<T>(a) - (1 - y) * clipped_log<T>(1 - a);
    }
    if (rows.targets.data == nullptr)
      return -clipped_log<T>(static_cast<double>(output[rows.labels[r]]));
    double sum = 0;
    for (std::size_t c = 0; c < columns; ++c) {
      const double y = target_of(rows, r, c);
      if (y != 0) sum -= y * clipped_log<T>(static_cast<double>(output[c]));
    }
    return sum;
  });
}

template <typename T>
void add_squared_error(const double* /*options*/, const Predictions<T>& rows, double* sums) {
  add_mean_of_outputs(rows, sums, [](double output, double target) {
    return (output - target) * (output - target);
  });
}

template <typename T>
void add_absolute_error(const double* /*options*/, const Predictions<T>& rows, double* sums) {
  add_mean_of_outputs(rows, sums,
                      [](double output, double target) { return std::abs(output - target); });
}

// Precision, recall and F1. Sums, per class: the weight of the rows that are in it and predicted to
// be; of those predicted to be; of those that are.

enum ClassSum : std::size_t { both_sum, predicted_sum, true_sum, class_sums };
constexpr const char* average_options[] = {"average"};

ClassAverage class_average(const double* options, std::size_t outputs) {
  const auto average = static_cast<ClassAverage>(options[0]);
  if (average != ClassAverage::automatic) return average;
  return outputs == 1 ? ClassAverage::binary : ClassAverage::macro;
}

const char* refuse_binary(const double* options, std::size_t outputs) {
  return class_average(options, outputs) == ClassAverage::binary && class_count(outputs) > 2
             ? "the average \"binary\" is for two classes"
             : nullptr;
}

std::size_t sums_per_class(const double* /*options*/, std::size_t outputs) {
  return class_sums * class_count(outputs);
}

template <typename T>
void add_classes(const double* /*options*/, const Predictions<T>& rows, double* sums) {
  for (std::size_t r = 0; r < rows.outputs.rows; ++r) {
    const double weight = weight_of(rows, r);
    const std::size_t target = true_class(rows, r);
    const std::size_t predicted = predicted_class(rows, r);
    if (predicted == target) sums[target * class_sums + both_sum] += weight;
    sums[predicted * class_sums + predicted_sum] += weight;
    sums[target * class_sums + true_sum] += weight;
  }
}

/// 0 where nothing is divided by nothing (scikit-learn's zero_division).
double share(double part, double whole) { return whole == 0 ? 0 : part / whole; }

double precision(const double* sums) { return share(sums[both_sum], sums[predicted_sum]); }
double recall(const double* sums) { return share(sums[both_sum], sums[true_sum]); }
/// 2 / (1 / precision + 1 / recall)
double f1(const double* sums) {
  return share(2 * sums[both_sum], sums[predicted_sum] + sums[true_sum]);
}

template <double (*Score)(const double* sums)>
void finish_classes(const double* options, std::size_t outputs, const double* sums,
                    double* values) {
  const ClassAverage average = class_average(options, outputs);
  if (average == ClassAverage::binary) {
    values[0] = Score(sums + class_sums);
    return;
  }
  double all[class_sums] = {};
  double total = 0;
  double weights = 0;
  for (std::size_t c = 0; c < class_count(outputs); ++c, sums += class_sums) {
    for (std::size_t s = 0; s < class_sums; ++s) all[s] += sums[s];
    const bool occurs = sums[predicted_sum] + sums[true_sum] > 0;
    const double weight = average == ClassAverage::weighted ? sums[true_sum] : occurs ? 1 : 0;
    total += weight * Score(sums);
    weights += weight;
  }
  values[0] = average == ClassAverage::micro ? Score(all) : total / weights;
}

// The coefficient of determination, 1 - sum of (y - a)^2 / sum of (y - mean of y)^2, per output,
// and the mean over outputs. Sums: rows, weight, and per output the squared errors, the mean target
// and the squared deviations from it, so that nothing cancels where the mean is large.

enum OutputSum : std::size_t { error_sum, mean_target, deviation_sum, output_sums };
constexpr std::size_t row_sums = 2;  // rows, weight

std::size_t determination_sums(const double* /*options*/, std::size_t outputs) {
  return row_sums + output_sums * outputs;
}

/// B. Welford, Technometrics 4, 1962, with weights (D. West, CACM 22, 1979).
template <typename T>
void add_determination(const double* /*options*/, const Predictions<T>& rows, double* sums) {
  for (std::size_t r = 0; r < rows.outputs.rows; ++r) {
    const double weight = weight_of(rows, r);
    sums[0] += 1;
    if (weight == 0) continue;
    sums[1] += weight;
    const double part = weight / sums[1];
    const T* const output = rows.outputs.row(r);
    double* of_output = sums + row_sums;
    for (std::size_t c = 0; c < rows.outputs.columns; ++c, of_output += output_sums) {
      const double target = target_of(rows, r, c);
      const double error = target - static_cast<double>(output[c]);
      const double delta = target - of_output[mean_target];
      of_output[error_sum] += weight * error * error;
      of_output[mean_target] += part * delta;
      of_output[deviation_sum] += weight * delta * (target - of_output[mean_target]);
    }
  }
}

/// T. Chan, G. Golub and R. LeVeque, The American Statistician 37, 1983.
void merge_determination(const double* /*options*/, std::size_t outputs, const double* from,
                         double* into) {
  const double weight = into[1];
  into[0] += from[0];
  if (from[1] == 0) return;
  into[1] += from[1];
  const double part = from[1] / into[1];
  from += row_sums;
  into += row_sums;
  for (std::size_t c = 0; c < outputs; ++c, from += output_sums, into += output_sums) {
    const double delta = from[mean_target] - into[mean_target];
    into[error_sum] += from[error_sum];
    into[mean_target] += part * delta;
    into[deviation_sum] += from[deviation_sum] + delta * delta * weight * part;
  }
}

/// Of fewer than two rows NaN; of targets that are all equal 1 where every output is right, else 0
/// (scikit-learn's force_finite).
void finish_determination(const double* /*options*/, std::size_t outputs, const double* sums,
                          double* values) {
  double total = sums[0] < 2 || sums[1] == 0 ? not_a_number : 0;
  for (std::size_t c = 0; c < outputs; ++c) {
    const double* const of_output = sums + row_sums + c * output_sums;
    const double errors = of_output[error_sum];
    const double deviations = of_output[deviation_sum];
    if (errors == 0)
      total += 1;
    else if (deviations != 0)
      total += 1 - errors / deviations;
    else
      total += errors * 0;  // NaN stays
  }
  values[0] = total / static_cast<double>(outputs);
}

// The confusion matrix: weight of the rows of each class (row) that are predicted to be in each
// (column).

constexpr std::size_t most_confusion_classes = 1024;  // 8 MB of sums

std::size_t class_pairs(const double* /*options*/, std::size_t outputs) {
  return class_count(outputs) * class_count(outputs);
}

const char* refuse_many_classes(const double* /*options*/, std::size_t outputs) {
  return outputs > most_confusion_classes ? "a confusion matrix is for at most 1024 classes"
                                          : nullptr;
}

template <typename T>
void add_confusion(const double* /*options*/, const Predictions<T>& rows, double* sums) {
  const std::size_t classes = class_count(rows.outputs.columns);
  for (std::size_t r = 0; r < rows.outputs.rows; ++r)
    sums[true_class(rows, r) * classes + predicted_class(rows, r)] += weight_of(rows, r);
}

void finish_confusion(const double* options, std::size_t outputs, const double* sums,
                      double* values) {
  std::copy_n(sums, class_pairs(options, outputs), values);
}

// The area under the receiver operating characteristic.

/// One row as one output sees it.
struct Ranked {
  double score;
  double positive;  // its weight if its target is above 1/2, else 0
  double negative;  // else its weight
};

/// The weight of the pairs of a positive and a negative row in which the positive one's output is
/// larger, half of that where they are equal, over that of all pairs.
double area(std::vector<Ranked>& ranked) {
  for (const Ranked& row : ranked)
    if (std::isnan(row.score)) return not_a_number;
  std::sort(ranked.begin(), ranked.end(),
            [](const Ranked& a, const Ranked& b) { return a.score < b.score; });
  double pairs = 0;
  double positives = 0;
  double negatives = 0;
  for (std::size_t begin = 0; begin < ranked.size();) {
    Ranked tied{ranked[begin].score, 0, 0};
    for (; begin < ranked.size() && ranked[begin].score == tied.score; ++begin) {
      tied.positive += ranked[begin].positive;
      tied.negative += ranked[begin].negative;
    }
    pairs += tied.positive * (negatives + tied.negative / 2);
    positives += tied.positive;
    negatives += tied.negative;
  }
  return pairs / (positives * negatives);
}

/// Every output against its own targets: with labels one class against the rest.
template <typename T>
double rank_outputs(const double* options, const Predictions<T>& rows) {
  const std::size_t columns = rows.outputs.columns;
  const bool weighted = static_cast<AreaAverage>(options[0]) == AreaAverage::weighted;
  std::vector<Ranked> ranked;
  ranked.reserve(rows.outputs.rows);
  double total = 0;
  double weights = 0;
  for (std::size_t c = 0; c < columns; ++c) {
    ranked.clear();
    double positives = 0;
    for (std::size_t r = 0; r < rows.outputs.rows; ++r) {
      const double weight = weight_of(rows, r);
      if (weight == 0) continue;
      const bool positive = target_of(rows, r, c) > 0.5;
      const double score = static_cast<double>(rows.outputs.row(r)[c]);
      ranked.push_back({score, positive ? weight : 0, positive ? 0 : weight});
      if (positive) positives += weight;
    }
    if (columns == 1) return area(ranked);
    // An output without positive rows has no area, but no weight either.
    if (weighted && positives == 0) continue;
    const double weight = weighted ? positives : 1;
    total += weight * area(ranked);
    weights += weight;
  }
  return total / weights;
}

template <typename T>
using Add = void (*)(const double* options, const Predictions<T>& rows, double* sums);
using Finish = void (*)(const double* options, std::size_t outputs, const double* sums,
                        double* values);

template <typename T>
constexpr Metric<T> mean(const char* name, OptionNames options, Add<T> add,
                         Finish finish = &finish_mean) {
  return {name, options, &no_refusal, &two, add, nullptr, &one, finish, nullptr};
}

template <typename T>
constexpr Metric<T> mean_over_classes(const char* name, Finish finish) {
  return {name,
          {average_options, 1},
          &refuse_binary,
          &sums_per_class,
          &add_classes<T>,
          nullptr,
          &one,
          finish,
          nullptr};
}

template <typename T>
constexpr Metric<T> rows[] = {
    mean<T>("accuracy", {}, &add_accuracy<T>),
    mean<T>("binaryAccuracy", {binary_accuracy_options, 1}, &add_binary_accuracy<T>),
    mean<T>("topKAccuracy", {top_k_options, 1}, &add_top_k<T>),
    mean_over_classes<T>("precision", &finish_classes<precision>),
    mean_over_classes<T>("recall", &finish_classes<recall>),
    mean_over_classes<T>("f1", &finish_classes<f1>),
    {"rocAuc",
     {average_options, 1},
     &no_refusal,
     &none,
     nullptr,
     nullptr,
     &one,
     nullptr,
     &rank_outputs<T>},
    mean<T>("logLoss", {}, &add_log_loss<T>),
    mean<T>("meanSquaredError", {}, &add_squared_error<T>),
    mean<T>("rootMeanSquaredError", {}, &add_squared_error<T>, &finish_root),
    mean<T>("meanAbsoluteError", {}, &add_absolute_error<T>),
    {"r2",
     {},
     &no_refusal,
     &determination_sums,
     &add_determination<T>,
     &merge_determination,
     &one,
     &finish_determination,
     nullptr},
    {"confusionMatrix",
     {},
     &refuse_many_classes,
     &class_pairs,
     &add_confusion<T>,
     nullptr,
     &class_pairs,
     &finish_confusion,
     nullptr},
};

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
