#include "core/layers.h"

#include <iterator>

#include "core/activation_layer.h"
#include "core/batch_norm.h"
#include "core/dense.h"
#include "core/dropout.h"
#include "core/embedding.h"
#include "core/gaussian_noise.h"
#include "core/layer_norm.h"

namespace gemmnet {

namespace {

template <typename Made, typename T>
std::unique_ptr<Layer<T>> make(const LayerSettings& settings, std::size_t number,
                               std::size_t inputs, std::size_t offset) {
  return std::make_unique<Made>(settings, number, inputs, offset);
}

constexpr const char* dropout_options[] = {"rate"};
constexpr const char* gaussian_noise_options[] = {"stddev"};
constexpr const char* batch_norm_options[] = {"momentum", "epsilon", "unbiasedVariance"};
constexpr const char* layer_norm_options[] = {"epsilon"};

template <typename T>
constexpr LayerKind<T> rows[] = {
    {"dense", {}, false, false, &make<Dense<T>, T>},
    {"activation", {}, false, false, &make<ActivationLayer<T>, T>},
    {"dropout", {dropout_options, 1}, true, false, &make<Dropout<T>, T>},
    {"gaussianNoise", {gaussian_noise_options, 1}, true, false, &make<GaussianNoise<T>, T>},
    {"batchNorm", {batch_norm_options, 3}, false, false, &make<BatchNorm<T>, T>},
    {"layerNorm", {layer_norm_options, 1}, false, false, &make<LayerNorm<T>, T>},
    {"embedding", {}, false, true, &make<Embedding<T>, T>},
};

}  // namespace

template <>
Table<LayerKind<float>> layers() {
  return {rows<float>, std::size(rows<float>)};
}
template <>
Table<LayerKind<double>> layers() {
  return {rows<double>, std::size(rows<double>)};
}

}  // namespace gemmnet
