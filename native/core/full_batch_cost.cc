#include "core/full_batch_cost.h"

#include <algorithm>
#include <cmath>

#include "core/gemm.h"

namespace gemmnet {

namespace {

/// Rows of the Jacobian that are in memory at once, at most.
constexpr std::size_t most_jacobian_rows = 512;

}  // namespace

template <typename T>
std::size_t learned_count(const Network<T>& network) {
  std::size_t count = 0;
  for (const auto& place : network.tensors())
    if (network.learns(place)) count += place.shape.size();
  return count;
}
template std::size_t learned_count(const Network<float>&);
template std::size_t learned_count(const Network<double>&);

template <typename T>
FullBatchCost<T>::FullBatchCost(const Network<T>& network, const Objective<T>& objective,
                                Step<T>& step, const Dataset& data,
                                std::span<const std::uint32_t> places, ThreadTeam& team)
    : network_(network),
      objective_(objective),
      step_(step),
      data_(data),
      places_(places),
      team_(team),
      size_(learned_count(network)) {}

template <typename T>
void FullBatchCost<T>::read(const AlignedBuffer<T>& block, std::span<T> point) const {
  T* to = point.data();
  for (const auto& place : network_.tensors())
    if (network_.learns(place))
      to = std::copy_n(block.data() + place.shape.offset, place.shape.size(), to);
}

template <typename T>
void FullBatchCost<T>::write(std::span<const T> point) {
  const T* from = point.data();
  for (const auto& place : network_.tensors()) {
    if (!network_.learns(place)) continue;
    std::copy_n(from, place.shape.size(), step_.parameter_block().data() + place.shape.offset);
    from += place.shape.size();
  }
}

template <typename T>
double FullBatchCost<T>::evaluate(std::span<const T> point, std::span<T> gradient) {
  write(point);
  const double cost = step_.differentiate(data_.rows(), places_, team_, scores_);
  read(step_.gradient(), gradient);
  return cost;
}

template <typename T>
double FullBatchCost<T>::value(std::span<const T> point) {
  write(point);
  return step_.cost(data_.rows(), places_, team_, scores_);
}

template <typename T>
void FullBatchCost<T>::score(std::span<const T> point, Scores& scores) {
  write(point);
  step_.cost(data_.rows(), places_, team_, scores);
}

/// Derivatives of the outputs of some rows of the data, times `factors` of the rows: row
/// `r outputs + k` of `jacobian` has those of output k of row r.
template <typename T>
void FullBatchCost<T>::differentiate_outputs(Range rows, MatrixView<T> jacobian) {
  const auto layers = network_.layers();
  const std::size_t outputs = network_.outputs();
  const Range chunk{0, rows.size()};
  const auto passes = activations_.link(step_.parameters().data(), &draws_);
  const MatrixView<T> seeds = activations_.output_gradient().row_block(chunk);
  for (std::size_t output = 0; output < outputs; ++output) {
    for (std::size_t r = 0; r < chunk.size(); ++r) {
      std::fill_n(seeds.row(r), outputs, T{0});
      seeds.row(r)[output] = 1;
    }
    for (std::size_t l = layers.size(); l-- > 0;) {
      layers[l]->backward_activation(passes[l], chunk);
      if (l > 0) layers[l]->backward_input(passes[l], chunk);
    }
    for (std::size_t r = 0; r < chunk.size(); ++r) {
      T* into = jacobian.row(r * outputs + output);
      for (const auto& place : network_.tensors()) {
        if (!network_.learns(place)) continue;
        const Tensor& shape = place.shape;
        layers[place.layer]->gradient(cut_rows(passes[place.layer], {r, r + 1}), place.tensor,
                                      {0, shape.rows}, {0, shape.columns}, T{0},
                                      {into, shape.rows, shape.columns});
        into += shape.size();
      }
    }
  }
}

template <typename T>
double FullBatchCost<T>::linearize(std::span<const T> point, std::span<T> gradient,
                                   MatrixView<T> curvature) {
  const double cost = value(point);
  const Rows& data = data_.rows();
  const std::size_t outputs = network_.outputs();
  const std::size_t chunk_rows =
      std::clamp<std::size_t>(most_jacobian_rows / outputs, 1, places_.size());
  if (jacobian_.bytes() == 0) {
    activations_ = Activations<T>(network_, chunk_rows);
    targets_ = TargetRows<T>(chunk_rows, outputs);
    jacobian_ = Matrix<T>(chunk_rows * outputs, size_);
    residuals_ = Matrix<T>(chunk_rows * outputs, 1);
  }
  std::fill(gradient.begin(), gradient.end(), T{0});
  for (std::size_t r = 0; r < curvature.rows; ++r) std::fill_n(curvature.row(r), size_, T{0});

  // The loss is scale times the sum of weight (output - target)^2.
  const double scale = objective_.residual_scale() /
                       (objective_.is_averaged() ? objective_.weight(data, places_, true) : 1);
  for (std::size_t begin = 0; begin < places_.size(); begin += chunk_rows) {
    const Range rows{begin, std::min(places_.size(), begin + chunk_rows)};
    const Range chunk{0, rows.size()};
    const auto places = places_.subspan(begin, rows.size());
    data.features.gather<T>(places, activations_.input().row_block(chunk));
    objective_.gather(data, places, chunk, targets_);
    network_.forward(activations_.link(step_.parameters().data(), &draws_), chunk,
                     Layer<T>::Ending::activation);
    const MatrixView<T> jacobian = jacobian_.view().row_block({0, rows.size() * outputs});
    const MatrixView<T> residuals = residuals_.view().row_block({0, rows.size() * outputs});
    differentiate_outputs(rows, jacobian);
    const auto seen = objective_.predictions(data, targets_, activations_.output(), chunk);
    for (std::size_t r = 0; r < rows.size(); ++r) {
      const double weight = seen.weights == nullptr ? 1 : static_cast<double>(seen.weights[r]);
      const T factor = static_cast<T>(std::sqrt(2 * scale * weight));
      for (std::size_t k = 0; k < outputs; ++k) {
        const std::size_t row = r * outputs + k;
        *residuals.row(row) = factor * (seen.outputs.row(r)[k] - seen.targets.row(r)[k]);
        kernels<T>().elementwise.scale(factor, jacobian.row(row), size_);
      }
    }
    gemm<T>(Transpose::yes, jacobian, Transpose::no, jacobian, T{1}, curvature);
    gemm<T>(Transpose::yes, jacobian, Transpose::no, residuals, T{1}, {gradient.data(), size_, 1});
  }

  std::size_t first = 0;
  for (std::size_t place = 0; place < network_.tensors().size(); ++place) {
    if (!network_.learns(network_.tensors()[place])) continue;
    const std::size_t end = first + network_.tensors()[place].shape.size();
    const T decay = static_cast<T>(
        2 * objective_.tensor_penalty(place, objective_.weight(data, places_, true)).l2);
    for (; first < end; ++first) {
      gradient[first] += decay * point[first];
      curvature.row(first)[first] += decay;
    }
  }
  return cost;
}

template class FullBatchCost<float>;
template class FullBatchCost<double>;

}  // namespace gemmnet
