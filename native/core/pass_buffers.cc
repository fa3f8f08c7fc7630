#include "core/pass_buffers.h"

namespace gemmnet {

template <typename T>
PassBuffers<T>::PassBuffers(const Network<T>& network, std::size_t rows)
    : input_(rows, network.inputs()), passes_(network.layers().size()) {
  for (std::size_t l = 0; l < network.layers().size(); ++l) {
    const Layer<T>& layer = *network.layers()[l];
    outputs_.emplace_back(rows, layer.outputs());
    gradients_.emplace_back(rows, layer.outputs());
    kept_.emplace_back(layer.kept_columns() == 0 ? 0 : rows, layer.kept_columns());
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
