#include "core/layer_norm.h"

#include <algorithm>

namespace gemmnet {

template <typename T>
LayerNorm<T>::LayerNorm(const LayerSettings& settings, std::size_t /*number*/, std::size_t inputs,
                        std::size_t offset)
    : Layer<T>(inputs, inputs), epsilon_(static_cast<T>(settings.options.at(0))) {
  this->add_tensor("gamma", 1, inputs, offset);
  this->add_tensor("beta", 1, inputs, offset);
}

template <typename T>
void LayerNorm<T>::initialize(std::size_t tensor, std::uint32_t /*number*/, std::uint64_t /*seed*/,
                              T* parameters) const {
  const Tensor& place = this->tensors()[tensor];
  std::fill_n(parameters + place.offset, place.size(), tensor == gamma ? T{1} : T{0});
}

template <typename T>
void LayerNorm<T>::forward(const LayerPass<T>& pass, Range rows,
                           typename Layer<T>::Ending /*ending*/) const {
  const bool training = pass.draws != nullptr;
  kernels<T>().normalization.normalize_rows(
      pass.input.row_block(rows), epsilon_, this->tensor_data(pass.parameters, gamma),
      this->tensor_data(pass.parameters, beta),
      training ? pass.kept.row_block(rows) : MatrixView<T>(), pass.output.row_block(rows));
}

template <typename T>
void LayerNorm<T>::backward_input(const LayerPass<T>& pass, Range rows) const {
  kernels<T>().normalization.normalize_rows_backward(
      pass.kept.row_block(rows), this->tensor_data(pass.parameters, gamma),
      pass.output_gradient.row_block(rows), pass.input_gradient.row_block(rows));
}

template <typename T>
void LayerNorm<T>::gradient(const LayerPass<T>& pass, std::size_t tensor, Range /*rows*/,
                            Range columns, T beta_factor, MatrixView<T> into) const {
  const Range all{0, pass.input.rows};
  const auto d = pass.output_gradient.block(all, columns);
  if (tensor == gamma)
    kernels<T>().normalization.column_products(pass.kept.block(all, columns), d, beta_factor,
                                               into.data);
  else
    kernels<T>().elementwise.column_sums(d, beta_factor, into.data);
}

template class LayerNorm<float>;
template class LayerNorm<double>;

}  // namespace gemmnet
