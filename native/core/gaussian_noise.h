#pragma once

#include "core/instruction_sets.h"
#include "core/layer.h"

namespace gemmnet {

/// In training adds a normal draw of standard deviation `stddev` to each value.
template <typename T>
class GaussianNoise final : public Layer<T> {
 public:
  GaussianNoise(const LayerSettings& settings, std::size_t number, std::size_t inputs,
                std::size_t offset);

  void forward(const LayerPass<T>& pass, Range rows,
               typename Layer<T>::Ending ending) const override;
  void backward_input(const LayerPass<T>& pass, Range rows) const override;

 private:
  std::uint32_t number_;
  T stddev_;
};

}  // namespace gemmnet
