#include "core/pass_buffers.h"

namespace gemmnet {

namespace {

/// Rows of some whole multiple of 1 KiB would begin in a few sets of the cache, and products that
/// walk down a column would push out what they are about to need: such rows get one line more.
template <typename T>
Matrix<T> batch_matrix(std::size_t rows, std::size_t columns) {
  constexpr std::size_t line = AlignedBuffer<T>::alignment / sizeof(T);
  constexpr std::size_t clash = 1024 / sizeof(T);
  const bool clashes = columns != 0 && columns % clash == 0;
  return {rows, columns, clashes ? columns + line : columns};
}

}  // namespace

template <typename T>
PassBuffers<T>::PassBuffers(const Network<T>& network, std::size_t rows)
    : input_(batch_matrix<T>(rows, network.inputs())), passes_(network.layers().size()) {
  for (std::size_t l = 0; l < network.layers().size(); ++l) {
    const Layer<T>& layer = *network.layers()[l];
    outputs_.push_back(batch_matrix<T>(rows, layer.outputs()));
    gradients_.push_back(batch_matrix<T>(rows, layer.outputs()));
    kept_.push_back(batch_matrix<T>(layer.kept_columns() == 0 ? 0 : rows, layer.kept_columns()));
    coupled_.push_back(network.couples_rows(l));
    statistics_.emplace_back(coupled_.back() ? layer.statistic_count() : 0);
  }
}

template <typename T>
std::span<const LayerPass<T>> PassBuffers<T>::link(const T* parameters, const BatchDraws* draws) {
  for (std::size_t l = 0; l < passes_.size(); ++l) {
    LayerPass<T>& pass = passes_[l];
    pass.parameters = parameters;
    pass.input = l == 0 ? input_.view() : outputs_[l - 1].view();
    pass.output = outputs_[l].view();
    pass.kept = kept_[l].bytes() != 0 ? kept_[l].view() : pass.output;
    pass.output_gradient = gradients_[l].view();
    if (l != 0) pass.input_gradient = gradients_[l - 1].view();
    pass.statistics = statistics_[l].data();
    pass.draws = draws;
    pass.coupled = coupled_[l];
  }
  return passes_;
}

template class PassBuffers<float>;
template class PassBuffers<double>;

}  // namespace gemmnet
