#pragma once

#include "core/instruction_sets.h"
#include "core/layer.h"

namespace gemmnet {

/// A = f(input).
template <typename T>
class ActivationLayer final : public Layer<T> {
 public:
  ActivationLayer(const LayerSettings& settings, std::size_t number, std::size_t inputs,
                  std::size_t offset);

  [[nodiscard]] const char* activation() const override { return activation_.name; }

  void forward(const LayerPass<T>& pass, Range rows,
               typename Layer<T>::Ending ending) const override;
  void backward_activation(const LayerPass<T>& pass, Range rows) const override;
  void backward_input(const LayerPass<T>& pass, Range rows) const override;

 private:
  const Activation<T>& activation_;
  std::vector<double> options_;
};

}  // namespace gemmnet
