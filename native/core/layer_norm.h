#pragma once

#include "core/instruction_sets.h"
#include "core/layer.h"

namespace gemmnet {

/// gamma (x - mean) / sqrt(variance + epsilon) + beta with each row's own mean and variance.
/// J. Ba, J. Kiros and G. Hinton, 2016.
template <typename T>
class LayerNorm final : public Layer<T> {
 public:
  LayerNorm(const LayerSettings& settings, std::size_t number, std::size_t inputs,
            std::size_t offset);

  /// x_hat, and 1 / sqrt(variance + epsilon).
  [[nodiscard]] std::size_t kept_columns() const override { return this->outputs() + 1; }

  void initialize(std::size_t tensor, std::uint32_t number, std::uint64_t seed,
                  T* parameters) const override;
  void forward(const LayerPass<T>& pass, Range rows,
               typename Layer<T>::Ending ending) const override;
  void backward_input(const LayerPass<T>& pass, Range rows) const override;
  void gradient(const LayerPass<T>& pass, std::size_t tensor, Range rows, Range columns, T beta,
                MatrixView<T> into) const override;

 private:
  enum : std::size_t { gamma, beta };

  T epsilon_;
};

}  // namespace gemmnet
