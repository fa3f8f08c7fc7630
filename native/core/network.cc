#include "core/network.h"

#include <algorithm>

namespace gemmnet {

template <typename T>
Network<T>::Network(std::size_t inputs, std::vector<LayerSettings> layers, std::uint64_t seed)
    : inputs_(inputs), settings_(std::move(layers)) {
  std::size_t width = inputs;
  for (const LayerSettings& settings : settings_) {
    const auto& kind = find_required(gemmnet::layers<T>(), "layer", settings.kind);
    layers_.push_back(kind.make(settings, layers_.size(), width, block_size_));
    const Layer<T>& layer = *layers_.back();
    for (std::size_t tensor = 0; tensor < layer.tensors().size(); ++tensor) {
      tensors_.push_back({layers_.size() - 1, tensor, layer.tensors()[tensor]});
      parameter_count_ += layer.tensors()[tensor].size();
      block_size_ = layer.tensors()[tensor].end();
    }
    width = layer.outputs();
  }
  trainable_ = std::vector<std::atomic<bool>>(layers_.size());
  for (std::size_t l = 0; l < layers_.size(); ++l) set_trainable(l, true);
  parameters_ = std::make_shared<Block>(block_size_);
  for (std::size_t number = 0; number < tensors_.size(); ++number)
    layers_[tensors_[number].layer]->initialize(
        tensors_[number].tensor, static_cast<std::uint32_t>(number), seed, parameters_->data());
}

template <typename T>
Network<T>::Network(const Network& other) : Network(other.inputs_, other.settings_, 0) {
  for (std::size_t l = 0; l < layers_.size(); ++l) set_trainable(l, other.is_trainable(l));
  publish(*other.parameters());
}

template <typename T>
std::size_t Network<T>::widest() const {
  std::size_t widest = 0;
  for (const auto& layer : layers_) widest = std::max(widest, layer->outputs());
  return widest;
}

template <typename T>
bool Network<T>::couples_rows() const {
  for (std::size_t l = 0; l < layers_.size(); ++l)
    if (couples_rows(l)) return true;
  return false;
}

template <typename T>
std::uint64_t Network<T>::version() const {
  const std::lock_guard lock(mutex_);
  return version_;
}

template <typename T>
std::shared_ptr<const AlignedBuffer<T>> Network<T>::parameters() const {
  const std::lock_guard lock(mutex_);
  return parameters_;
}

template <typename T>
void Network<T>::publish(const Block& block) {
  publish([&](T* to) { std::copy_n(block.data(), block.size(), to); });
}

template <typename T>
void Network<T>::publish(const std::function<void(T*)>& write) {
  const std::lock_guard lock(mutex_);
  ++version_;
  // Making and dropping a copy of the pointer orders what follows after the readers' dropping of
  // theirs, which asking use_count alone would not.
  std::shared_ptr<Block>(parameters_).reset();
  // A block that nobody reads is written again: nobody can begin to while the lock is held.
  if (parameters_.use_count() > 1) parameters_ = std::make_shared<Block>(block_size_);
  write(parameters_->data());
}

template <typename T>
void Network<T>::forward(std::span<const LayerPass<T>> passes, Range rows,
                         typename Layer<T>::Ending ending) const {
  using Ending = typename Layer<T>::Ending;
  for (std::size_t l = 0; l < layers_.size(); ++l)
    layers_[l]->forward(passes[l], rows, l + 1 == layers_.size() ? ending : Ending::activation);
}

template class Network<float>;
template class Network<double>;

}  // namespace gemmnet
