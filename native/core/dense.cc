#include "core/dense.h"

namespace gemmnet {

template <typename T>
Dense<T>::Dense(const LayerSettings& settings, std::size_t /*number*/, std::size_t inputs,
                std::size_t offset)
    : Layer<T>(inputs, settings.units),
      activation_(find_required(kernels<T>().activations, "activation", settings.activation.name)),
      linear_(find_required(kernels<T>().activations, "activation", "linear")),
      activation_options_(settings.activation.options),
      initializers_{settings.kernel_initializer, settings.bias_initializer} {
  this->add_tensor("kernel", inputs, settings.units, offset);
  if (settings.bias) this->add_tensor("bias", 1, settings.units, offset);
  for (std::size_t tensor = 0; tensor < this->tensors().size(); ++tensor)
    find_required(initializers(), "initializer", initializers_[tensor].name);
}

template <typename T>
MatrixView<const T> Dense<T>::kernel_view(const T* parameters) const {
  return {this->tensor_data(parameters, kernel), this->inputs(), this->outputs()};
}

template <typename T>
const T* Dense<T>::bias_row(const T* parameters) const {
  return this->tensors().size() > bias ? this->tensor_data(parameters, bias) : nullptr;
}

template <typename T>
void Dense<T>::initialize(std::size_t tensor, std::uint32_t number, std::uint64_t seed,
                          T* parameters) const {
  this->draw(initializers_[tensor], tensor, number, seed, this->inputs(), this->outputs(),
             parameters);
}

template <typename T>
void Dense<T>::forward(const LayerPass<T>& pass, Range rows,
                       typename Layer<T>::Ending ending) const {
  forward_with(&gemm<T>, pass, rows, {0, this->outputs()}, ending);
}

template <typename T>
void Dense<T>::forward_block(const LayerPass<T>& pass, Range rows, Range outputs,
                             typename Layer<T>::Ending ending) const {
  forward_with(&gemm_of_parts<T>, pass, rows, outputs, ending);
}

template <typename T>
void Dense<T>::forward_with(Product product, const LayerPass<T>& pass, Range rows, Range outputs,
                            typename Layer<T>::Ending ending) const {
  const bool logits = ending == Layer<T>::Ending::logits;
  const MatrixView<T> z = (logits ? pass.output : pass.kept).block(rows, outputs);
  const T* const biases = bias_row(pass.parameters);
  product(Transpose::no, pass.input.row_block(rows), Transpose::no,
          kernel_view(pass.parameters).block({0, this->inputs()}, outputs), T{0}, z);
  (logits ? linear_ : activation_)
      .forward(activation_options_.data(), z, biases == nullptr ? nullptr : biases + outputs.begin,
               pass.output.block(rows, outputs));
}

template <typename T>
void Dense<T>::backward_activation(const LayerPass<T>& pass, Range rows) const {
  backward_activation_block(pass, rows, {0, this->outputs()});
}

template <typename T>
void Dense<T>::backward_activation_block(const LayerPass<T>& pass, Range rows,
                                         Range outputs) const {
  activation_.backward(activation_options_.data(), pass.kept.block(rows, outputs),
                       pass.output.block(rows, outputs), pass.output_gradient.block(rows, outputs));
}

template <typename T>
void Dense<T>::backward_input(const LayerPass<T>& pass, Range rows) const {
  backward_input_with(&gemm<T>, pass, rows, {0, this->inputs()});
}

template <typename T>
void Dense<T>::backward_input_block(const LayerPass<T>& pass, Range rows, Range inputs) const {
  backward_input_with(&gemm_of_parts<T>, pass, rows, inputs);
}

template <typename T>
void Dense<T>::backward_input_with(Product product, const LayerPass<T>& pass, Range rows,
                                   Range inputs) const {
  product(Transpose::no, pass.output_gradient.row_block(rows), Transpose::yes,
          kernel_view(pass.parameters).row_block(inputs), T{0},
          pass.input_gradient.block(rows, inputs));
}

template <typename T>
void Dense<T>::gradient(const LayerPass<T>& pass, std::size_t tensor, Range rows, Range columns,
                        T beta, MatrixView<T> into) const {
  const Range all{0, pass.input.rows};
  const MatrixView<const T> dz = pass.output_gradient.block(all, columns);
  if (tensor == kernel) {
    gemm<T>(Transpose::yes, pass.input.block(all, rows), Transpose::no, dz, beta, into);
    return;
  }
  kernels<T>().elementwise.column_sums(dz, beta, into.data);
}

template class Dense<float>;
template class Dense<double>;

}  // namespace gemmnet
