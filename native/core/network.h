#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "core/layers.h"

namespace gemmnet {

/// Layers over one flat parameter block. The block that readers see is immutable: writing makes or
/// reuses another, so a prediction on any thread works on the weights of one moment, and neither
/// side waits for the other.
template <typename T>
class Network {
 public:
  using Block = AlignedBuffer<T>;

  /// A tensor of a layer, in the order of the block.
  struct Place {
    std::size_t layer;
    std::size_t tensor;  // within the layer
    Tensor shape;
  };

  /// Throws std::invalid_argument for a name that no table has.
  Network(std::size_t inputs, std::vector<LayerSettings> layers, std::uint64_t seed);
  Network(const Network& other);
  Network& operator=(const Network&) = delete;

  [[nodiscard]] std::size_t inputs() const { return inputs_; }
  [[nodiscard]] std::size_t outputs() const { return layers_.back()->outputs(); }
  [[nodiscard]] std::span<const std::unique_ptr<Layer<T>>> layers() const { return layers_; }
  [[nodiscard]] std::span<const Place> tensors() const { return tensors_; }
  [[nodiscard]] std::size_t parameter_count() const { return parameter_count_; }
  /// Elements of the block: the parameters, each tensor beginning on a cache line.
  [[nodiscard]] std::size_t block_size() const { return block_size_; }
  /// Columns of the widest output of a layer.
  [[nodiscard]] std::size_t widest() const;
  [[nodiscard]] const std::vector<LayerSettings>& settings() const { return settings_; }

  /// The weights as they are now, for as long as the caller holds them.
  [[nodiscard]] std::shared_ptr<const Block> parameters() const;
  /// Replaces the weights by a copy of `block`.
  void publish(const Block& block);
  /// Replaces them by what `write` writes, all of it, to the beginning of a block.
  void publish(const std::function<void(T*)>& write);

  /// Marks the network as training; false if it already is.
  bool begin_training() { return !training_.exchange(true); }
  void end_training() { training_.store(false); }
  [[nodiscard]] bool is_training() const { return training_.load(); }

  /// Whether training changes a layer. Set it only while the network is not training; an evaluation
  /// may be running.
  [[nodiscard]] bool is_trainable(std::size_t layer) const {
    return trainable_[layer].load(std::memory_order_relaxed);
  }
  void set_trainable(std::size_t layer, bool trainable) {
    trainable_[layer].store(trainable, std::memory_order_relaxed);
  }
  /// Whether training changes a tensor by its gradient.
  [[nodiscard]] bool learns(const Place& place) const {
    return place.shape.learned && is_trainable(place.layer);
  }
  /// Whether in training an output of the layer depends on all rows of the batch.
  [[nodiscard]] bool couples_rows(std::size_t layer) const {
    return layers_[layer]->sum_count() != 0 && is_trainable(layer);
  }
  [[nodiscard]] bool couples_rows() const;

  /// How often the weights were replaced: tells whether somebody else has.
  [[nodiscard]] std::uint64_t version() const;

  /// Forward through all layers. `passes` has one entry per layer, as PassBuffers or Inference link
  /// them.
  void forward(std::span<const LayerPass<T>> passes, Range rows,
               typename Layer<T>::Ending ending) const;

 private:
  std::size_t inputs_;
  std::vector<LayerSettings> settings_;
  std::vector<std::unique_ptr<Layer<T>>> layers_;
  std::vector<Place> tensors_;
  std::size_t parameter_count_ = 0;
  std::size_t block_size_ = 0;

  std::vector<std::atomic<bool>> trainable_;  // per layer

  mutable std::mutex mutex_;
  std::shared_ptr<Block> parameters_;
  std::uint64_t version_ = 0;
  std::atomic<bool> training_{false};
};

}  // namespace gemmnet
