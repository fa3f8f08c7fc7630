#pragma once

#include "core/instruction_sets.h"
#include "core/layer.h"

namespace gemmnet {

/// gamma (x - mean) / sqrt(variance + epsilon) + beta, by columns. In training mean and variance
/// (the biased one) are the batch's, and running ones follow them; otherwise they are the running
/// ones. S. Ioffe and C. Szegedy, ICML 2015.
template <typename T>
class BatchNorm final : public Layer<T> {
 public:
  using Direction = typename Layer<T>::Direction;

  BatchNorm(const LayerSettings& settings, std::size_t number, std::size_t inputs,
            std::size_t offset);

  void initialize(std::size_t tensor, std::uint32_t number, std::uint64_t seed,
                  T* parameters) const override;
  void forward(const LayerPass<T>& pass, Range rows,
               typename Layer<T>::Ending ending) const override;
  void backward_input(const LayerPass<T>& pass, Range rows) const override;
  void gradient(const LayerPass<T>& pass, std::size_t tensor, Range rows, Range columns, T beta,
                MatrixView<T> into) const override;

  [[nodiscard]] std::size_t sum_count() const override { return 2 * this->outputs(); }
  [[nodiscard]] std::size_t statistic_count() const override {
    return batch_statistics * this->outputs();
  }
  void collect(const LayerPass<T>& pass, Range rows, Direction direction, T* sums) const override;
  void combine(const LayerPass<T>& pass, std::span<const Range> tiles,
               std::span<const AlignedBuffer<T>> sums, Direction direction) const override;
  void follow(const LayerPass<T>& pass, std::size_t rows, T* parameters) const override;

 private:
  enum : std::size_t { gamma, beta, moving_mean, moving_variance };
  /// Of the batch, one row of `columns` each; d is dC/doutput.
  enum : std::size_t {
    mean,
    variance,
    d_sum,
    d_product_sum,
    d_mean,
    d_product_mean,
    batch_statistics
  };

  [[nodiscard]] T* statistic(const LayerPass<T>& pass, std::size_t which) const {
    return pass.statistics + which * this->outputs();
  }
  [[nodiscard]] const T* means(const LayerPass<T>& pass) const;
  [[nodiscard]] const T* variances(const LayerPass<T>& pass) const;

  double momentum_;
  T epsilon_;
  bool unbiased_;
};

}  // namespace gemmnet
