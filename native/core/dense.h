#pragma once

#include "core/gemm.h"
#include "core/initializers.h"
#include "core/layer.h"

namespace gemmnet {

/// Z = A W + b, followed by the activation. Kernel W: (inputs, units); bias b: (1, units).
template <typename T>
class Dense final : public Layer<T> {
 public:
  Dense(const LayerSettings& settings, std::size_t number, std::size_t inputs, std::size_t offset);

  [[nodiscard]] const char* activation() const override { return activation_.name; }
  /// z, where the activation's derivative reads it.
  [[nodiscard]] std::size_t kept_columns() const override {
    return activation_.reads_input ? this->outputs() : 0;
  }

  void initialize(std::size_t tensor, std::uint32_t number, std::uint64_t seed,
                  T* parameters) const override;
  void forward(const LayerPass<T>& pass, Range rows,
               typename Layer<T>::Ending ending) const override;
  void backward_activation(const LayerPass<T>& pass, Range rows) const override;
  void backward_input(const LayerPass<T>& pass, Range rows) const override;
  [[nodiscard]] bool cuts_columns() const override { return !activation_.whole_row; }
  void forward_block(const LayerPass<T>& pass, Range rows, Range outputs,
                     typename Layer<T>::Ending ending) const override;
  void backward_activation_block(const LayerPass<T>& pass, Range rows,
                                 Range outputs) const override;
  void backward_input_block(const LayerPass<T>& pass, Range rows, Range inputs) const override;
  void gradient(const LayerPass<T>& pass, std::size_t tensor, Range rows, Range columns, T beta,
                MatrixView<T> into) const override;

 private:
  enum : std::size_t { kernel, bias };

  using Product = void (*)(Transpose, const MatrixView<const T>&, Transpose,
                           const MatrixView<const T>&, T, const MatrixView<T>&);

  void forward_with(Product product, const LayerPass<T>& pass, Range rows, Range outputs,
                    typename Layer<T>::Ending ending) const;
  void backward_input_with(Product product, const LayerPass<T>& pass, Range rows,
                           Range inputs) const;
  [[nodiscard]] MatrixView<const T> kernel_view(const T* parameters) const;
  [[nodiscard]] const T* bias_row(const T* parameters) const;

  const Activation<T>& activation_;
  const Activation<T>& linear_;
  std::vector<double> activation_options_;
  NamedOptions initializers_[2];  // one per tensor
};

}  // namespace gemmnet
