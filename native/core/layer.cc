#include "core/layer.h"

#include <algorithm>
#include <cassert>

#include "core/initializers.h"

namespace gemmnet {

namespace {

/// The first place at or after `offset` where a tensor may begin.
template <typename T>
std::size_t aligned_offset(std::size_t offset) {
  constexpr std::size_t line = AlignedBuffer<T>::alignment / sizeof(T);
  return (offset + line - 1) / line * line;
}

}  // namespace

template <typename T>
void Layer<T>::add_tensor(std::string name, std::size_t rows, std::size_t columns,
                          std::size_t offset, Use use) {
  const std::size_t begin = tensors_.empty() ? offset : tensors_.back().end();
  tensors_.push_back({std::move(name), rows, columns, aligned_offset<T>(begin),
                      use != Use::followed, use == Use::gathered});
}

template <typename T>
void Layer<T>::draw(const NamedOptions& initializer, std::size_t tensor, std::uint32_t number,
                    std::uint64_t seed, std::size_t from_units, std::size_t to_units,
                    T* parameters) const {
  const Tensor& place = tensors_[tensor];
  const Philox random(seed, Stream::initial_weights, number);
  std::vector<double> values(place.size());
  find_required(initializers(), "initializer", initializer.name)
      .fill(initializer.options.data(), random, from_units, to_units, values);
  std::transform(values.begin(), values.end(), parameters + place.offset,
                 [](double value) { return static_cast<T>(value); });
}

template <typename T>
void Layer<T>::initialize(std::size_t /*tensor*/, std::uint32_t /*number*/, std::uint64_t /*seed*/,
                          T* /*parameters*/) const {}

template <typename T>
void Layer<T>::backward_activation(const LayerPass<T>& /*pass*/, Range /*rows*/) const {}

template <typename T>
void Layer<T>::gradient(const LayerPass<T>& /*pass*/, std::size_t /*tensor*/, Range /*rows*/,
                        Range /*columns*/, T /*beta*/, MatrixView<T> /*into*/) const {
  assert(false && "a layer with learned tensors has their gradients");
}

template <typename T>
void Layer<T>::forward_block(const LayerPass<T>& /*pass*/, Range /*rows*/, Range /*outputs*/,
                             Ending /*ending*/) const {
  assert(false && "only a layer that says so is cut by columns");
}

template <typename T>
void Layer<T>::backward_activation_block(const LayerPass<T>& /*pass*/, Range /*rows*/,
                                         Range /*outputs*/) const {
  assert(false && "only a layer that says so is cut by columns");
}

template <typename T>
void Layer<T>::backward_input_block(const LayerPass<T>& /*pass*/, Range /*rows*/,
                                    Range /*inputs*/) const {
  assert(false && "only a layer that says so is cut by columns");
}

template <typename T>
void Layer<T>::collect(const LayerPass<T>& /*pass*/, Range /*rows*/, Direction /*direction*/,
                       T* /*sums*/) const {}

template <typename T>
void Layer<T>::combine(const LayerPass<T>& /*pass*/, std::span<const Range> /*tiles*/,
                       std::span<const AlignedBuffer<T>> /*sums*/, Direction /*direction*/) const {}

template <typename T>
void Layer<T>::follow(const LayerPass<T>& /*pass*/, std::size_t /*rows*/, T* /*parameters*/) const {
}

template <typename T>
void copy_rows(MatrixView<const T> from, MatrixView<T> to) {
  for (std::size_t r = 0; r < from.rows; ++r) std::copy_n(from.row(r), from.columns, to.row(r));
}

template class Layer<float>;
template class Layer<double>;
template void copy_rows(MatrixView<const float>, MatrixView<float>);
template void copy_rows(MatrixView<const double>, MatrixView<double>);

}  // namespace gemmnet
