#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/kernels/tables.h"
#include "core/matrix.h"
#include "core/random.h"

namespace gemmnet {

/// A row of a table, and the numbers it takes, in its order.
struct NamedOptions {
  std::string name;
  std::vector<double> options;
};

/// One array of a layer and its place in the network's parameter block.
struct Tensor {
  std::string name;       // "kernel", "bias"
  std::size_t rows;       // a kernel's are its inputs; a bias has one
  std::size_t columns;    // outputs
  std::size_t offset;     // of its first element, in elements; a multiple of a cache line
  bool learned;           // false: running statistics, which no gradient changes
  bool gathered = false;  // a row of the batch takes one row of it, instead of a product with all

  [[nodiscard]] std::size_t size() const { return rows * columns; }
  [[nodiscard]] std::size_t end() const { return offset + size(); }
  /// The tensor in a block like the network's.
  template <typename T>
  [[nodiscard]] MatrixView<T> view(T* block) const {
    return {block + offset, rows, columns};
  }
};

/// What the random layers draw for a batch is a function of these, the layer, and the place of a
/// row in the epoch.
struct BatchDraws {
  std::uint64_t seed = 0;
  std::uint32_t epoch = 0;
  std::uint64_t first = 0;  // place in the epoch of the batch's first row
};

/// What one layer reads and writes for one batch. All blocks have the batch's rows.
template <typename T>
struct LayerPass {
  const T* parameters = nullptr;      // the network's block
  MatrixView<const T> input;          // (batch, inputs)
  MatrixView<T> kept;                 // what the way back needs beside input and output,
                                      // (batch, kept_columns), or `output` where that is nothing
  MatrixView<T> output;               // a, (batch, outputs)
  MatrixView<T> output_gradient;      // dC/da, which backward_activation turns into dC/dz
  MatrixView<T> input_gradient;       // receives dC/dinput; no data in the first layer
  T* statistics = nullptr;            // of the batch, where the layer couples its rows
  const BatchDraws* draws = nullptr;  // null: not training, nothing is drawn
  bool coupled = false;               // training, and `statistics` are those of this batch
};

/// The same pass for rows `rows` of the batch only, as a gradient reads them.
template <typename T>
LayerPass<T> cut_rows(LayerPass<T> pass, Range rows) {
  pass.input = pass.input.row_block(rows);
  pass.kept = pass.kept.row_block(rows);
  pass.output = pass.output.row_block(rows);
  pass.output_gradient = pass.output_gradient.row_block(rows);
  return pass;
}

/// A column of the input that holds categories, and what an embedding makes of it.
struct EmbeddedColumn {
  std::size_t column;
  std::size_t categories;  // the column's values are 0, 1, ... categories - 1
  std::size_t dimensions;  // numbers that each of them becomes
};

/// What a layer is made from. Complete: the core has no defaults.
struct LayerSettings {
  std::string kind;             // a row of layers.h
  std::vector<double> options;  // the row's
  // Of dense layers, and `activation` of activation layers:
  std::size_t units = 0;
  NamedOptions activation;
  bool bias = true;
  NamedOptions kernel_initializer;  // an embedding's, too
  NamedOptions bias_initializer;
  std::vector<EmbeddedColumn> columns = {};  // of an embedding
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
  [[nodiscard]] virtual const char* activation() const { return "linear"; }
  /// Columns of what forward keeps for the way back beside input and output.
  [[nodiscard]] virtual std::size_t kept_columns() const { return 0; }

  /// Draws tensor `tensor` into its place in `parameters`; `number` tells it from the network's
  /// others.
  virtual void initialize(std::size_t tensor, std::uint32_t number, std::uint64_t seed,
                          T* parameters) const;

  enum class Ending { activation, logits };
  /// Rows `rows` of the output, or of z in its place where the loss takes the logits.
  virtual void forward(const LayerPass<T>& pass, Range rows, Ending ending) const = 0;
  /// dC/dz from dC/da, in place; nothing where the layer has no activation.
  virtual void backward_activation(const LayerPass<T>& pass, Range rows) const;
  /// dC/dinput from dC/dz.
  virtual void backward_input(const LayerPass<T>& pass, Range rows) const = 0;
  /// Part of dC/dtensor from dC/dz: into = beta into + gradient. `into` has the part's size.
  virtual void gradient(const LayerPass<T>& pass, std::size_t tensor, Range rows, Range columns,
                        T beta, MatrixView<T> into) const;

  /// Whether a part of the columns can be computed without the others, both ways: then the next
  /// three do so for the rows and columns of a block.
  [[nodiscard]] virtual bool cuts_columns() const { return false; }
  virtual void forward_block(const LayerPass<T>& pass, Range rows, Range outputs,
                             Ending ending) const;
  virtual void backward_activation_block(const LayerPass<T>& pass, Range rows, Range outputs) const;
  virtual void backward_input_block(const LayerPass<T>& pass, Range rows, Range inputs) const;

  // A layer whose outputs depend on all rows of the batch (batch normalization) is passed in two
  // steps, each way: `collect` for each tile of rows, into sums of its own; `combine` once, when
  // all have; then forward, or backward_input.

  enum class Direction : std::uint8_t { forward, backward };
  /// Numbers of a tile's sums, and of `pass.statistics`; 0 where no rows are coupled.
  [[nodiscard]] virtual std::size_t sum_count() const { return 0; }
  [[nodiscard]] virtual std::size_t statistic_count() const { return 0; }
  virtual void collect(const LayerPass<T>& pass, Range rows, Direction direction, T* sums) const;
  /// `sums` has those of each of `tiles`, in order.
  virtual void combine(const LayerPass<T>& pass, std::span<const Range> tiles,
                       std::span<const AlignedBuffer<T>> sums, Direction direction) const;
  /// Lets the running statistics in `parameters` follow the batch of `rows` rows.
  virtual void follow(const LayerPass<T>& pass, std::size_t rows, T* parameters) const;

 protected:
  Layer(std::size_t inputs, std::size_t outputs) : inputs_(inputs), outputs_(outputs) {}

  /// Appends a tensor behind the others, `offset` being where the first may begin. Its values are
  /// learned from gradients, by products or gathered, or follow the batches' statistics.
  enum class Use : std::uint8_t { learned, followed, gathered };
  void add_tensor(std::string name, std::size_t rows, std::size_t columns, std::size_t offset,
                  Use use = Use::learned);
  /// `initialize` by a row of the table of initializers, for these numbers of units.
  void draw(const NamedOptions& initializer, std::size_t tensor, std::uint32_t number,
            std::uint64_t seed, std::size_t from_units, std::size_t to_units, T* parameters) const;
  [[nodiscard]] const T* tensor_data(const T* parameters, std::size_t tensor) const {
    return parameters + tensors_[tensor].offset;
  }

 private:
  std::vector<Tensor> tensors_;
  std::size_t inputs_;
  std::size_t outputs_;
};

/// The draws of layer `layer` for row `row` of the batch, which has `columns` of them.
inline DrawRow draw_row(const BatchDraws& draws, Stream stream, std::uint32_t layer,
                        std::size_t row, std::size_t columns) {
  constexpr std::size_t words = 4;  // of a block of draws
  return {draws.seed, static_cast<std::uint32_t>(stream) | layer << 8, draws.epoch,
          (draws.first + row) * ((columns + words - 1) / words)};
}

/// Copies rows of equal shape.
template <typename T>
void copy_rows(MatrixView<const T> from, MatrixView<T> to);

}  // namespace gemmnet
