#include "core/objective.h"

#include <algorithm>
namespace gemmnet {

template <typename T>
Objective<T>::Objective(const Network<T>& network, const ObjectiveSettings& settings)
    : network_(network),
      loss_(find_required(kernels<T>().losses, "loss", settings.loss)),
      loss_options_(settings.loss_options),
      fused_(loss_.fused_with != nullptr &&
             std::string_view(loss_.fused_with) == network.layers().back()->activation()),
      l2_(settings.l2) {
  for (const std::string& name : settings.metrics)
    metrics_.push_back(&find_required(gemmnet::metrics<T>(), "metric", name));
  for (const Metric<T>* metric : metrics_)
    metric_sum_count_ += metric->sums(nullptr, network.outputs());
}

template <typename T>
void Objective<T>::merge_metrics(const double* from, double* into) const {
  for (const Metric<T>* metric : metrics_) {
    const std::size_t size = metric->sums(nullptr, network_.outputs());
    if (metric->merge != nullptr)
      metric->merge(nullptr, network_.outputs(), from, into);
    else
      for (std::size_t i = 0; i < size; ++i) into[i] += from[i];
    from += size;
    into += size;
  }
}

template <typename T>
std::vector<double> Objective<T>::finish_metrics(const double* sums) const {
  std::vector<double> values;
  for (const Metric<T>* metric : metrics_) {
    const std::size_t first = values.size();
    values.resize(first + metric->values(nullptr, network_.outputs()));
    metric->finish(nullptr, network_.outputs(), sums, values.data() + first);
    sums += metric->sums(nullptr, network_.outputs());
  }
  return values;
}

template <typename T>
bool Objective<T>::passes_labels(const Rows& data) const {
  return loss_.reads_labels && !data.labels.empty() && network_.outputs() > 1;
}

template <typename T>
void Objective<T>::gather(const Rows& data, std::span<const std::uint32_t> places, Range rows,
                          TargetRows<T>& into) const {
  if (!data.weights.empty()) {
    for (std::size_t i = 0; i < places.size(); ++i)
      into.weights_[rows.begin + i] = static_cast<T>(data.weights[places[i]]);
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
void Objective<T>::score(const Rows& data, const TargetRows<T>& targets, MatrixView<T> outputs,
                         MatrixView<T> gradient, Range rows, T scale, double* loss,
                         double* metric_sums) const {
  const bool labels = passes_labels(data);
  LossRows<T> batch;
  batch.outputs = outputs.row_block(rows);
  batch.input = batch.outputs;
  if (!labels) batch.targets = targets.dense_.view().row_block(rows);
  batch.labels = labels ? targets.labels_.data() + rows.begin : nullptr;
  batch.weights = data.weights.empty() ? nullptr : targets.weights_.data() + rows.begin;
  batch.scale = scale;
  if (gradient.data != nullptr) batch.gradient = gradient.row_block(rows);
  *loss = (fused_ ? loss_.fused_value : loss_.value)(loss_options_.data(), batch);
  for (const Metric<T>* metric : metrics_) {
    metric->add(nullptr, {batch.outputs, batch.targets, batch.labels, batch.weights}, metric_sums);
    metric_sums += metric->sums(nullptr, network_.outputs());
  }
}

template <typename T>
double Objective<T>::penalty(const T* block) const {
  double sum = 0;
  for (std::size_t place = 0; place < l2_.size(); ++place) {
    if (l2_[place] == 0) continue;
    const Tensor& shape = network_.tensors()[place].shape;
    sum += l2_[place] * kernels<T>().elementwise.sum_of_squares(block + shape.offset, shape.size());
  }
  return sum;
}

template class Objective<float>;
template class Objective<double>;

}  // namespace gemmnet
