#include "core/gaussian_noise.h"

namespace gemmnet {

template <typename T>
GaussianNoise<T>::GaussianNoise(const LayerSettings& settings, std::size_t number,
                                std::size_t inputs, std::size_t /*offset*/)
    : Layer<T>(inputs, inputs),
      number_(static_cast<std::uint32_t>(number)),
      stddev_(static_cast<T>(settings.options.at(0))) {}

template <typename T>
void GaussianNoise<T>::forward(const LayerPass<T>& pass, Range rows,
                               typename Layer<T>::Ending /*ending*/) const {
  const MatrixView<const T> input = pass.input.row_block(rows);
  const MatrixView<T> output = pass.output.row_block(rows);
  if (pass.draws == nullptr) return copy_rows<T>(input, output);
  const auto& loops = kernels<T>().elementwise;
  for (std::size_t r = 0; r < output.rows; ++r) {
    loops.normal(draw_row(*pass.draws, Stream::noise, number_, rows.begin + r, output.columns),
                 output.row(r), output.columns);
    loops.scale(stddev_, output.row(r), output.columns);
    loops.add(input.row(r), output.row(r), output.columns);
  }
}

template <typename T>
void GaussianNoise<T>::backward_input(const LayerPass<T>& pass, Range rows) const {
  copy_rows<T>(pass.output_gradient.row_block(rows), pass.input_gradient.row_block(rows));
}

template class GaussianNoise<float>;
template class GaussianNoise<double>;

}  // namespace gemmnet
