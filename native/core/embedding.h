#pragma once

#include <optional>

#include "core/dataset.h"
#include "core/layer.h"

namespace gemmnet {

/// Columns that hold categories become learned vectors, each a row of its column's table
/// E (categories, dimensions); the others pass. All keep their order. It is a network's first
/// layer: there is no gradient of its inputs.
template <typename T>
class Embedding final : public Layer<T> {
 public:
  /// Throws std::invalid_argument if `number` is not 0, for a column that the input does not have
  /// or that comes twice, and for an empty table.
  Embedding(const LayerSettings& settings, std::size_t number, std::size_t inputs,
            std::size_t offset);

  void initialize(std::size_t tensor, std::uint32_t number, std::uint64_t seed,
                  T* parameters) const override;
  void forward(const LayerPass<T>& pass, Range rows,
               typename Layer<T>::Ending ending) const override;
  void backward_input(const LayerPass<T>& pass, Range rows) const override;
  void gradient(const LayerPass<T>& pass, std::size_t tensor, Range rows, Range columns, T beta,
                MatrixView<T> into) const override;

 private:
  /// Neighbouring outputs: columns that pass, or what becomes of one that holds categories.
  struct Part {
    std::size_t input;   // the first column
    std::size_t output;  // likewise
    std::size_t size;    // outputs
  };

  [[nodiscard]] std::size_t row_of(const T* input, std::size_t table) const;

  std::vector<Part> passed_;
  std::vector<Part> embedded_;  // by tensor
  NamedOptions initializer_;
};

/// The first row whose value in `column`, as the network sees it, is none of 0, 1, ...
/// categories - 1.
std::optional<std::size_t> first_other_than_category(const Dataset& data, std::size_t column,
                                                     std::size_t categories);

}  // namespace gemmnet
