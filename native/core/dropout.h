#pragma once

#include "core/instruction_sets.h"
#include "core/layer.h"

namespace gemmnet {

/// Inverted dropout: in training each value is 0 with probability `rate`, else it is divided by
/// 1 - rate; otherwise the layer does nothing. N. Srivastava et al., JMLR 15, 2014.
template <typename T>
class Dropout final : public Layer<T> {
 public:
  Dropout(const LayerSettings& settings, std::size_t number, std::size_t inputs,
          std::size_t offset);

  /// The factors.
  [[nodiscard]] std::size_t kept_columns() const override { return this->outputs(); }

  void forward(const LayerPass<T>& pass, Range rows,
               typename Layer<T>::Ending ending) const override;
  void backward_input(const LayerPass<T>& pass, Range rows) const override;

 private:
  std::uint32_t number_;
  double rate_;
};

}  // namespace gemmnet
