#include "core/dropout.h"

namespace gemmnet {

template <typename T>
Dropout<T>::Dropout(const LayerSettings& settings, std::size_t number, std::size_t inputs,
                    std::size_t /*offset*/)
    : Layer<T>(inputs, inputs),
      number_(static_cast<std::uint32_t>(number)),
      rate_(settings.options.at(0)) {}

template <typename T>
void Dropout<T>::forward(const LayerPass<T>& pass, Range rows,
                         typename Layer<T>::Ending /*ending*/) const {
  const MatrixView<const T> input = pass.input.row_block(rows);
  const MatrixView<T> output = pass.output.row_block(rows);
  if (pass.draws == nullptr) return copy_rows<T>(input, output);
  const MatrixView<T> factors = pass.kept.row_block(rows);
  for (std::size_t r = 0; r < output.rows; ++r) {
    kernels<T>().elementwise.dropout(
        draw_row(*pass.draws, Stream::dropout, number_, rows.begin + r, output.columns), rate_,
        factors.row(r), output.columns);
    kernels<T>().elementwise.multiply(factors.row(r), input.row(r), output.row(r), output.columns);
  }
}

template <typename T>
void Dropout<T>::backward_input(const LayerPass<T>& pass, Range rows) const {
  const MatrixView<T> output_gradient = pass.output_gradient.row_block(rows);
  const MatrixView<T> gradient = pass.input_gradient.row_block(rows);
  const MatrixView<T> factors = pass.kept.row_block(rows);
  for (std::size_t r = 0; r < gradient.rows; ++r)
    kernels<T>().elementwise.multiply(factors.row(r), output_gradient.row(r), gradient.row(r),
                                      gradient.columns);
}

template class Dropout<float>;
template class Dropout<double>;

}  // namespace gemmnet
