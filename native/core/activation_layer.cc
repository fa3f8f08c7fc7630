#include "core/activation_layer.h"

namespace gemmnet {

template <typename T>
ActivationLayer<T>::ActivationLayer(const LayerSettings& settings, std::size_t /*number*/,
                                    std::size_t inputs, std::size_t /*offset*/)
    : Layer<T>(inputs, inputs),
      activation_(find_required(kernels<T>().activations, "activation", settings.activation.name)),
      options_(settings.activation.options) {}

template <typename T>
void ActivationLayer<T>::forward(const LayerPass<T>& pass, Range rows,
                                 typename Layer<T>::Ending ending) const {
  const MatrixView<T> output = pass.output.row_block(rows);
  copy_rows<T>(pass.input.row_block(rows), output);
  // In place: where the way back reads z, it has the input.
  if (ending == Layer<T>::Ending::activation)
    activation_.forward(options_.data(), output, nullptr, output);
}

template <typename T>
void ActivationLayer<T>::backward_activation(const LayerPass<T>& pass, Range rows) const {
  activation_.backward(options_.data(), pass.input.row_block(rows), pass.output.row_block(rows),
                       pass.output_gradient.row_block(rows));
}

template <typename T>
void ActivationLayer<T>::backward_input(const LayerPass<T>& pass, Range rows) const {
  copy_rows<T>(pass.output_gradient.row_block(rows), pass.input_gradient.row_block(rows));
}

template class ActivationLayer<float>;
template class ActivationLayer<double>;

}  // namespace gemmnet
