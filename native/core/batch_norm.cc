#include "core/batch_norm.h"

#include <algorithm>

namespace gemmnet {

template <typename T>
BatchNorm<T>::BatchNorm(const LayerSettings& settings, std::size_t /*number*/, std::size_t inputs,
                        std::size_t offset)
    : Layer<T>(inputs, inputs),
      momentum_(settings.options.at(0)),
      epsilon_(static_cast<T>(settings.options.at(1))),
      unbiased_(settings.options.at(2) != 0) {
  this->add_tensor("gamma", 1, inputs, offset);
  this->add_tensor("beta", 1, inputs, offset);
  this->add_tensor("movingMean", 1, inputs, offset, Layer<T>::Use::followed);
  this->add_tensor("movingVariance", 1, inputs, offset, Layer<T>::Use::followed);
}

template <typename T>
void BatchNorm<T>::initialize(std::size_t tensor, std::uint32_t /*number*/, std::uint64_t /*seed*/,
                              T* parameters) const {
  const Tensor& place = this->tensors()[tensor];
  std::fill_n(parameters + place.offset, place.size(),
              tensor == gamma || tensor == moving_variance ? T{1} : T{0});
}

template <typename T>
const T* BatchNorm<T>::means(const LayerPass<T>& pass) const {
  return pass.coupled ? statistic(pass, mean) : this->tensor_data(pass.parameters, moving_mean);
}

template <typename T>
const T* BatchNorm<T>::variances(const LayerPass<T>& pass) const {
  return pass.coupled ? statistic(pass, variance)
                      : this->tensor_data(pass.parameters, moving_variance);
}

template <typename T>
void BatchNorm<T>::forward(const LayerPass<T>& pass, Range rows,
                           typename Layer<T>::Ending /*ending*/) const {
  kernels<T>().normalization.normalize_columns(
      pass.input.row_block(rows), means(pass), variances(pass), epsilon_,
      this->tensor_data(pass.parameters, gamma), this->tensor_data(pass.parameters, beta),
      pass.output.row_block(rows));
}

template <typename T>
void BatchNorm<T>::backward_input(const LayerPass<T>& pass, Range rows) const {
  kernels<T>().normalization.normalize_columns_backward(
      pass.input.row_block(rows), means(pass), variances(pass), epsilon_,
      this->tensor_data(pass.parameters, gamma), pass.coupled ? statistic(pass, d_mean) : nullptr,
      pass.coupled ? statistic(pass, d_product_mean) : nullptr,
      pass.output_gradient.row_block(rows), pass.input_gradient.row_block(rows));
}

template <typename T>
void BatchNorm<T>::gradient(const LayerPass<T>& pass, std::size_t tensor, Range /*rows*/,
                            Range columns, T beta_factor, MatrixView<T> into) const {
  const T* const sums = statistic(pass, tensor == gamma ? d_product_sum : d_sum);
  for (std::size_t c = 0; c < columns.size(); ++c)
    into.data[c] = (beta_factor == 0 ? T{0} : beta_factor * into.data[c]) + sums[columns.begin + c];
}

template <typename T>
void BatchNorm<T>::collect(const LayerPass<T>& pass, Range rows, Direction direction,
                           T* sums) const {
  const auto input = pass.input.row_block(rows);
  if (direction == Direction::forward)
    kernels<T>().normalization.column_moments(input, sums, sums + this->outputs());
  else
    kernels<T>().normalization.column_gradient_sums(input, means(pass), variances(pass), epsilon_,
                                                    pass.output_gradient.row_block(rows), sums,
                                                    sums + this->outputs());
}

/// Forward: means and squares of the tiles by T. Chan, G. Golub and R. LeVeque, 1979.
template <typename T>
void BatchNorm<T>::combine(const LayerPass<T>& pass, std::span<const Range> tiles,
                           std::span<const AlignedBuffer<T>> sums, Direction direction) const {
  const std::size_t columns = this->outputs();
  double rows = 0;
  for (const Range tile : tiles) rows += static_cast<double>(tile.size());
  for (std::size_t c = 0; c < columns; ++c) {
    double first = 0;   // mean, or sum of d
    double second = 0;  // sum of squares about it, or sum of d x_hat
    double count = 0;
    for (std::size_t tile = 0; tile < tiles.size(); ++tile) {
      const double tile_first = static_cast<double>(sums[tile][c]);
      const double tile_second = static_cast<double>(sums[tile][columns + c]);
      const double size = static_cast<double>(tiles[tile].size());
      if (direction == Direction::forward) {
        const double distance = tile_first - first;
        second += tile_second + distance * distance * count * size / (count + size);
        first += distance * size / (count + size);
        count += size;
      } else {
        first += tile_first;
        second += tile_second;
      }
    }
    if (direction == Direction::backward) {
      statistic(pass, d_sum)[c] = static_cast<T>(first);
      statistic(pass, d_product_sum)[c] = static_cast<T>(second);
      statistic(pass, d_mean)[c] = static_cast<T>(first / rows);
      statistic(pass, d_product_mean)[c] = static_cast<T>(second / rows);
      continue;
    }
    statistic(pass, mean)[c] = static_cast<T>(first);
    statistic(pass, variance)[c] = static_cast<T>(second / rows);
  }
}

template <typename T>
void BatchNorm<T>::follow(const LayerPass<T>& pass, std::size_t rows, T* parameters) const {
  const double count = static_cast<double>(rows);
  // One row has no unbiased variance.
  const double correction = unbiased_ && rows > 1 ? count / (count - 1) : 1;
  const auto follow = [&](std::size_t tensor, const T* values, double factor) {
    T* const running = parameters + this->tensors()[tensor].offset;
    for (std::size_t c = 0; c < this->outputs(); ++c)
      running[c] = static_cast<T>(momentum_ * static_cast<double>(running[c]) +
                                  (1 - momentum_) * factor * static_cast<double>(values[c]));
  };
  follow(moving_mean, statistic(pass, mean), 1);
  follow(moving_variance, statistic(pass, variance), correction);
}

template class BatchNorm<float>;
template class BatchNorm<double>;

}  // namespace gemmnet
