#include "core/embedding.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "core/initializers.h"

namespace gemmnet {

namespace {

/// The category nearest to a value, whatever that is, NaN too: what nobody has checked reads a
/// wrong row of the table, but nothing beside the table.
template <typename T>
std::size_t nearest_category(T value, std::size_t categories) {
  const double number = static_cast<double>(value);
  const std::size_t last = categories - 1;
  if (!(number > 0)) return 0;
  if (!(number < static_cast<double>(last))) return last;
  const std::size_t below = static_cast<std::size_t>(number);
  return number - static_cast<double>(below) < 0.5 ? below : below + 1;
}

std::size_t outputs_of(const std::vector<EmbeddedColumn>& columns, std::size_t inputs) {
  std::size_t outputs = inputs;
  for (const EmbeddedColumn& column : columns) outputs += column.dimensions - 1;
  return outputs;
}

void check(const std::vector<EmbeddedColumn>& columns, std::size_t number, std::size_t inputs) {
  if (number != 0) throw std::invalid_argument("An embedding is the first layer or none");
  std::vector<bool> seen(inputs, false);
  for (const auto& [column, categories, dimensions] : columns) {
    if (column >= inputs || seen[column])
      throw std::invalid_argument("An embedding takes columns of its input, each once");
    if (categories == 0 || dimensions == 0)
      throw std::invalid_argument("An embedding's tables have rows and columns");
    seen[column] = true;
  }
}

}  // namespace

template <typename T>
Embedding<T>::Embedding(const LayerSettings& settings, std::size_t number, std::size_t inputs,
                        std::size_t offset)
    : Layer<T>(inputs, outputs_of(settings.columns, inputs)),
      embedded_(settings.columns.size()),
      initializer_(settings.kernel_initializer) {
  const std::vector<EmbeddedColumn>& columns = settings.columns;
  check(columns, number, inputs);
  find_required(initializers(), "initializer", initializer_.name);
  std::vector<std::size_t> tables(inputs, columns.size());  // by column; their number: none
  for (std::size_t table = 0; table < columns.size(); ++table) {
    tables[columns[table].column] = table;
    this->add_tensor("embedding" + std::to_string(table), columns[table].categories,
                     columns[table].dimensions, offset, Layer<T>::Use::gathered);
  }
  std::size_t output = 0;
  for (std::size_t column = 0; column < inputs; ++column) {
    const bool passes = tables[column] == columns.size();
    const Part part{column, output, passes ? 1 : columns[tables[column]].dimensions};
    output += part.size;
    if (!passes)
      embedded_[tables[column]] = part;
    else if (!passed_.empty() && passed_.back().input + passed_.back().size == column)
      ++passed_.back().size;
    else
      passed_.push_back(part);
  }
}

template <typename T>
void Embedding<T>::initialize(std::size_t tensor, std::uint32_t number, std::uint64_t seed,
                              T* parameters) const {
  const Tensor& table = this->tensors()[tensor];
  this->draw(initializer_, tensor, number, seed, table.rows, table.columns, parameters);
}

/// The row of a table that a row of the input takes.
template <typename T>
std::size_t Embedding<T>::row_of(const T* input, std::size_t table) const {
  return nearest_category(input[embedded_[table].input], this->tensors()[table].rows);
}

template <typename T>
void Embedding<T>::forward(const LayerPass<T>& pass, Range rows,
                           typename Layer<T>::Ending /*ending*/) const {
  for (std::size_t r = rows.begin; r < rows.end; ++r) {
    const T* const input = pass.input.row(r);
    T* const output = pass.output.row(r);
    for (const Part& part : passed_)
      std::copy_n(input + part.input, part.size, output + part.output);
    for (std::size_t table = 0; table < embedded_.size(); ++table) {
      const auto [first, into, size] = embedded_[table];
      std::copy_n(this->tensor_data(pass.parameters, table) + row_of(input, table) * size, size,
                  output + into);
    }
  }
}

template <typename T>
void Embedding<T>::backward_input(const LayerPass<T>& /*pass*/, Range /*rows*/) const {
  assert(false && "nothing is below the first layer");
}

/// dC/dE(k, :) is the sum of dC/doutput over the rows of category k, in their order.
template <typename T>
void Embedding<T>::gradient(const LayerPass<T>& pass, std::size_t tensor, Range rows, Range columns,
                            T beta, MatrixView<T> into) const {
  const auto& loops = kernels<T>().elementwise;
  // Rows are short and many: without gaps they are one.
  const bool is_whole = into.stride == into.columns;
  const MatrixView<T> lines =
      is_whole ? MatrixView<T>(into.data, 1, into.rows * into.columns) : into;
  for (std::size_t r = 0; r < lines.rows; ++r) {
    if (beta == 0)
      std::fill_n(lines.row(r), lines.columns, T{0});
    else if (beta != 1)
      loops.scale(beta, lines.row(r), lines.columns);
  }
  const std::size_t column = embedded_[tensor].input;
  const std::size_t first = embedded_[tensor].output + columns.begin;
  // Whatever lies beyond the table belongs to its first or last row.
  constexpr T infinity = std::numeric_limits<T>::infinity();
  const T lowest = rows.begin == 0 ? -infinity : static_cast<T>(rows.begin - 1);
  const T highest = rows.end == this->tensors()[tensor].rows ? infinity : static_cast<T>(rows.end);
  for (std::size_t r = 0; r < pass.input.rows; ++r) {
    const T value = pass.input.row(r)[column];
    // Every tile looks at every row of the batch: this tells nearly all others' at a glance.
    if (value < lowest || value > highest) continue;
    const std::size_t row = row_of(pass.input.row(r), tensor);
    if (row >= rows.begin && row < rows.end)
      loops.add(pass.output_gradient.row(r) + first, into.row(row - rows.begin), into.columns);
  }
}

template class Embedding<float>;
template class Embedding<double>;

std::optional<std::size_t> first_other_than_category(const Dataset& data, std::size_t column,
                                                     std::size_t categories) {
  const double end = static_cast<double>(categories);
  for (std::size_t row = 0; row < data.size(); ++row) {
    const double value = data.rows().features.value(data.place(row), column);
    if (!(value >= 0 && value < end) || value != std::floor(value)) return row;
  }
  return std::nullopt;
}

}  // namespace gemmnet
