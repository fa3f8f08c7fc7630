#include "core/objective.h"

#include <algorithm>

namespace gemmnet {

template <typename T>
Objective<T>::Objective(const Network<T>& network, const ObjectiveSettings& settings)
    : network_(network),
      settings_(settings),
      loss_(settings.loss.name.empty()
                ? nullptr
                : &find_required(kernels<T>().losses, "loss", settings.loss.name)) {
  // A penalty of the outputs needs the gradient with respect to them, not to the logits.
  fused_ = loss_ != nullptr && loss_->fused_with != nullptr &&
           std::string_view(loss_->fused_with) == network.layers().back()->activation() &&
           settings.activity_penalties.back().is_zero();
  for (const NamedOptions& metric : settings.metrics) {
    const auto& row = find_required(gemmnet::metrics<T>(), "metric", metric.name);
    if (const char* refusal = row.refusal(metric.options.data(), network.outputs()))
      throw std::invalid_argument(metric.name + ": " + refusal);
    const std::size_t sums = row.sums(metric.options.data(), network.outputs());
    metrics_.push_back({&row, metric.options, sums});
    metric_sum_count_ += sums;
    needs_all_rows_ = needs_all_rows_ || row.of_all != nullptr;
  }
}

template <typename T>
double Objective<T>::residual_scale() const {
  // The loss itself says: of a row with the residuals 1, 0, 0, ...
  std::vector<T> outputs(network_.outputs());
  const std::vector<T> targets(network_.outputs());
  outputs[0] = 1;
  LossRows<T> row;
  row.input = {outputs.data(), 1, outputs.size()};
  row.targets = {targets.data(), 1, targets.size()};
  return loss_->value(settings_.loss.options.data(), row);
}

template <typename T>
Penalty Objective<T>::tensor_penalty(std::size_t place, double weight) const {
  const Penalty& penalty = settings_.tensor_penalties[place];
  const double share = settings_.penalty_per_row ? mean_of(1, weight) : 1;
  return {penalty.l1 * share, penalty.l2 * share};
}

template <typename T>
bool Objective<T>::passes_labels(const Rows& data) const {
  return (loss_ == nullptr || loss_->reads_labels) && !data.labels.empty() &&
         network_.outputs() > 1;
}

template <typename T>
double Objective<T>::class_weight(const Rows& data, std::uint32_t place) const {
  std::size_t label = 0;
  if (!data.labels.empty()) {
    label = static_cast<std::size_t>(data.labels[place]);
  } else if (data.targets.columns == 1) {
    label = data.targets.value(place, 0) > 0.5 ? 1 : 0;
  } else {  // the largest target's column
    for (std::size_t c = 1; c < data.targets.columns; ++c)
      if (data.targets.value(place, c) > data.targets.value(place, label)) label = c;
  }
  return label < settings_.class_weights.size() ? settings_.class_weights[label] : 1;
}

template <typename T>
double Objective<T>::weight(const Rows& data, std::span<const std::uint32_t> places,
                            bool training) const {
  const bool by_class = training && !settings_.class_weights.empty();
  // Somebody else's function gives a mean over rows.
  if (is_custom() || !settings_.mean_over_weights || (data.weights.empty() && !by_class))
    return static_cast<double>(places.size());
  double sum = 0;
  for (const std::uint32_t place : places)
    sum += (data.weights.empty() ? 1 : data.weights[place]) *
           (by_class ? class_weight(data, place) : 1);
  return sum;
}

template <typename T>
void Objective<T>::gather(const Rows& data, std::span<const std::uint32_t> places, Range rows,
                          TargetRows<T>& into) const {
  if (!data.weights.empty()) {
    for (std::size_t i = 0; i < places.size(); ++i)
      into.weights_[rows.begin + i] = static_cast<T>(data.weights[places[i]]);
  }
  if (!settings_.class_weights.empty()) {
    for (std::size_t i = 0; i < places.size(); ++i)
      into.class_weights_[rows.begin + i] = static_cast<T>(
          class_weight(data, places[i]) * (data.weights.empty() ? 1 : data.weights[places[i]]));
  }
  const MatrixView<T> dense = into.dense_.view().row_block(rows);
  if (data.labels.empty()) {
    data.targets.gather<T>(places, dense);
  } else if (passes_labels(data)) {
    for (std::size_t i = 0; i < places.size(); ++i)
      into.labels_[rows.begin + i] = data.labels[places[i]];
  } else {
    for (std::size_t i = 0; i < places.size(); ++i) {
      const std::int32_t label = data.labels[places[i]];
      std::fill_n(dense.row(i), dense.columns, T{0});
      if (dense.columns == 1)
        *dense.row(i) = static_cast<T>(label);
      else
        dense.row(i)[label] = 1;
    }
  }
}

template <typename T>
Predictions<T> Objective<T>::predictions(const Rows& data, const TargetRows<T>& targets,
                                         MatrixView<const T> outputs, Range rows) const {
  Predictions<T> seen;
  seen.outputs = outputs.row_block(rows);
  if (passes_labels(data))
    seen.labels = targets.labels_.data() + rows.begin;
  else
    seen.targets = targets.dense_.view().row_block(rows);
  seen.weights = weights(data, targets, rows, false);
  return seen;
}

template <typename T>
const T* Objective<T>::weights(const Rows& data, const TargetRows<T>& targets, Range rows,
                               bool training) const {
  if (training && !settings_.class_weights.empty())
    return targets.class_weights_.data() + rows.begin;
  return data.weights.empty() ? nullptr : targets.weights_.data() + rows.begin;
}

template <typename T>
double Objective<T>::score(const Rows& data, const TargetRows<T>& targets, MatrixView<T> outputs,
                           MatrixView<T> gradient, Range rows, T scale, bool training,
                           double* metric_sums) const {
  const Predictions<T> seen = predictions(data, targets, outputs, rows);
  double loss = 0;
  if (loss_ != nullptr) {
    LossRows<T> batch;
    batch.outputs = outputs.row_block(rows);
    batch.input = batch.outputs;
    batch.targets = seen.targets;
    batch.labels = seen.labels;
    batch.weights = weights(data, targets, rows, training);
    batch.scale = scale;
    if (gradient.data != nullptr) batch.gradient = gradient.row_block(rows);
    loss = (fused_ ? loss_->fused_value : loss_->value)(settings_.loss.options.data(), batch);
  }
  for (const ChosenMetric& metric : metrics_) {
    if (metric.row->add != nullptr) metric.row->add(metric.options.data(), seen, metric_sums);
    metric_sums += metric.sums;
  }
  return loss;
}

template <typename T>
double Objective<T>::activity(std::size_t layer, MatrixView<const T> outputs) const {
  const Penalty& penalty = settings_.activity_penalties[layer];
  double sum = 0;
  for (std::size_t r = 0; r < outputs.rows; ++r) sum += penalty.of(outputs.row(r), outputs.columns);
  return sum;
}

template <typename T>
void Objective<T>::add_activity_gradient(std::size_t layer, MatrixView<const T> outputs, T scale,
                                         MatrixView<T> gradient) const {
  const Penalty& penalty = settings_.activity_penalties[layer];
  for (std::size_t r = 0; r < outputs.rows; ++r)
    penalty.add_gradient(outputs.row(r), scale, gradient.row(r), outputs.columns);
}

template <typename T>
double Objective<T>::penalty(const T* block, double weight) const {
  double sum = 0;
  for (std::size_t place = 0; place < settings_.tensor_penalties.size(); ++place)
    sum += penalty(place, block, weight);
  return sum;
}

template <typename T>
double Objective<T>::penalty(std::size_t place, const T* block, double weight) const {
  if (!network_.learns(network_.tensors()[place])) return 0;
  const Tensor& shape = network_.tensors()[place].shape;
  return tensor_penalty(place, weight).of(block + shape.offset, shape.size());
}

template <typename T>
void Objective<T>::merge_metrics(const double* from, double* into) const {
  for (const ChosenMetric& metric : metrics_) {
    if (metric.row->merge != nullptr)
      metric.row->merge(metric.options.data(), network_.outputs(), from, into);
    else
      for (std::size_t i = 0; i < metric.sums; ++i) into[i] += from[i];
    from += metric.sums;
    into += metric.sums;
  }
}

template <typename T>
void Objective<T>::clear(Scores& scores) const {
  scores.loss = 0;
  scores.penalty = 0;
  scores.weight = 0;
  scores.rows = 0;
  scores.metric_sums.assign(metric_sum_count_, 0);
}

template <typename T>
void Objective<T>::finish(Scores& scores, const Predictions<T>& all) const {
  if (is_averaged()) scores.loss = mean_of(scores.loss, scores.weight);
  scores.penalty /= static_cast<double>(scores.rows);
  scores.metrics.clear();
  const double* sums = scores.metric_sums.data();
  for (const ChosenMetric& metric : metrics_) {
    const std::size_t first = scores.metrics.size();
    scores.metrics.resize(first + metric.row->values(metric.options.data(), network_.outputs()));
    if (metric.row->of_all != nullptr)
      scores.metrics[first] = metric.row->of_all(metric.options.data(), all);
    else
      metric.row->finish(metric.options.data(), network_.outputs(), sums,
                         scores.metrics.data() + first);
    sums += metric.sums;
  }
}

template <typename T>
void TargetRows<T>::take_over(const TargetRows& from) {
  copy_rows<T>(from.dense_.view(), dense_.view());
  std::copy_n(from.labels_.data(), from.labels_.size(), labels_.data());
  std::copy_n(from.weights_.data(), from.weights_.size(), weights_.data());
  std::copy_n(from.class_weights_.data(), from.class_weights_.size(), class_weights_.data());
}

template <typename T>
void ScoredRows<T>::reserve(std::size_t rows, std::size_t columns) {
  const std::size_t there = outputs.view().rows;
  if (rows <= there) return;
  ScoredRows larger(std::max(rows, 2 * there), columns);
  copy_rows<T>(outputs.view(), larger.outputs.view());
  larger.targets.take_over(targets);
  *this = std::move(larger);
}

template struct ScoredRows<float>;
template struct ScoredRows<double>;
template class Objective<float>;
template class Objective<double>;

}  // namespace gemmnet
