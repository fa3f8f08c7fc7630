#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/matrix.h"

namespace gemmnet {

/// One learned array of a layer and its place in the network's parameter block.
struct Tensor {
  const char* name;     // "kernel", "bias"
  std::size_t rows;     // a kernel's are its inputs; a bias has one
  std::size_t columns;  // outputs
  std::size_t offset;   // of its first element, in elements; a multiple of a cache line
  bool penalised;       // the Trainer's L2 applies

  [[nodiscard]] std::size_t size() const { return rows * columns; }
  [[nodiscard]] std::size_t end() const { return offset + size(); }
};

/// What one layer reads and writes for one batch. All blocks have the batch's rows.
template <typename T>
struct LayerPass {
  const T* parameters = nullptr;  // the network's block
  MatrixView<const T> input;      // (batch, inputs)
  MatrixView<T> weighted;         // z, (batch, outputs); the same memory as `output` unless
                                  // the activation's derivative reads z
  MatrixView<T> output;           // a, (batch, outputs)
  MatrixView<T> output_gradient;  // dC/da, which backward_activation turns into dC/dz
  MatrixView<T> input_gradient;   // receives dC/dinput; no data in the first layer
};

/// What a layer is made from. Complete: the core has no defaults.
struct LayerSettings {
  std::size_t units = 0;
  std::string activation;
  std::vector<double> activation_options;
  bool bias = true;
  std::string kernel_initializer;
  std::string bias_initializer;
};

/// A layer's share of the mathematics, cut so that threads can work on parts of it: by rows of the
/// batch forward and backward, by parts of a tensor for the gradient. Holds no values of its own.
template <typename T>
class Layer {
 public:
  virtual ~Layer() = default;

  [[nodiscard]] std::size_t inputs() const { return inputs_; }
  [[nodiscard]] std::size_t outputs() const { return outputs_; }
  [[nodiscard]] const std::vector<Tensor>& tensors() const { return tensors_; }

  /// The name of the activation that ends the layer.
  [[nodiscard]] virtual const char* activation() const = 0;
  /// True if `weighted` must be kept apart from `output` for the way back.
  [[nodiscard]] virtual bool keeps_weighted() const = 0;

  /// Draws tensor `tensor` into its place in `parameters`; `number` tells it from the network's
  /// others.
  virtual void initialize(std::size_t tensor, std::uint32_t number, std::uint64_t seed,
                          T* parameters) const = 0;

  enum class Ending { activation, logits };
  /// Rows `rows` of the output, or of z in its place where the loss takes the logits.
  virtual void forward(const LayerPass<T>& pass, Range rows, Ending ending) const = 0;
  /// dC/dz from dC/da, in place.
  virtual void backward_activation(const LayerPass<T>& pass, Range rows) const = 0;
  /// dC/dinput from dC/dz.
  virtual void backward_input(const LayerPass<T>& pass, Range rows) const = 0;
  /// Part of dC/dtensor from dC/dz: into = beta into + gradient. `into` has the part's size.
  virtual void gradient(const LayerPass<T>& pass, std::size_t tensor, Range rows, Range columns,
                        T beta, MatrixView<T> into) const = 0;

 protected:
  Layer(std::size_t inputs, std::size_t outputs) : inputs_(inputs), outputs_(outputs) {}

  std::vector<Tensor> tensors_;

 private:
  std::size_t inputs_;
  std::size_t outputs_;
};

/// `offset` is where the layer's tensors begin in the parameter block. Throws std::invalid_argument
/// for a name that no table has.
template <typename T>
std::unique_ptr<Layer<T>> make_layer(const LayerSettings& settings, std::size_t inputs,
                                     std::size_t offset);

/// The first place at or after `offset` where a tensor may begin.
template <typename T>
std::size_t aligned_offset(std::size_t offset) {
  constexpr std::size_t line = AlignedBuffer<T>::alignment / sizeof(T);
  return (offset + line - 1) / line * line;
}

}  // namespace gemmnet
