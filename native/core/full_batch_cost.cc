#include "core/full_batch_cost.h"

#include <algorithm>
#include <cmath>

#include "core/gemm.h"

namespace gemmnet {

namespace {

/// Rows of the Jacobian that are in memory at once, at most.
constexpr std::size_t most_jacobian_rows = 512;
/// Rows of the data, and of the curvature, that one thread takes at a time.
constexpr std::size_t tile_rows = 32;
constexpr std::size_t block_rows = 64;

std::size_t pieces(std::size_t count, std::size_t most) { return (count + most - 1) / most; }

}  // namespace

template <typename T>
std::size_t learned_count(const Network<T>& network) {
  std::size_t count = 0;
  for (const auto& place : network.tensors())
    if (network.learns(place)) count += place.shape.size();
  return count;
}
template std::size_t learned_count(const Network<float>&);
template std::size_t learned_count(const Network<double>&);

template <typename T>
FullBatchCost<T>::FullBatchCost(const Network<T>& network, const Objective<T>& objective,
                                Step<T>& step, const Dataset& data,
                                std::span<const std::uint32_t> places, ThreadTeam& team)
    : network_(network),
      objective_(objective),
      step_(step),
      data_(data),
      places_(places),
      team_(team),
      size_(learned_count(network)) {}

template <typename T>
void FullBatchCost<T>::read(const AlignedBuffer<T>& block, std::span<T> point) const {
  T* to = point.data();
  for (const auto& place : network_.tensors())
    if (network_.learns(place))
      to = std::copy_n(block.data() + place.shape.offset, place.shape.size(), to);
}

template <typename T>
bool FullBatchCost<T>::move_to(std::span<const T> point) {
  const T* from = point.data();
  for (const auto& place : network_.tensors()) {
    if (!network_.learns(place)) continue;
    T* const to = step_.parameter_block().data() + place.shape.offset;
    known_ = known_ && std::equal(from, from + place.shape.size(), to);
    std::copy_n(from, place.shape.size(), to);
    from += place.shape.size();
  }
  return known_;
}

template <typename T>
double FullBatchCost<T>::evaluate(std::span<const T> point, std::span<T> gradient) {
  move_to(point);
  value_ = step_.differentiate(data_.rows(), places_, team_, scores_);
  known_ = true;
  read(step_.gradient(), gradient);
  return value_;
}

template <typename T>
double FullBatchCost<T>::value(std::span<const T> point) {
  if (!move_to(point)) value_ = step_.cost(data_.rows(), places_, team_, scores_);
  known_ = true;
  return value_;
}

template <typename T>
void FullBatchCost<T>::score(std::span<const T> point, Scores& scores) {
  value(point);
  scores = scores_;
}

/// For the rows of the data at `places`, rows `rows` of the chunk: residuals, and their
/// derivatives. Row `r outputs + k` of both is that of output k of row r.
template <typename T>
void FullBatchCost<T>::differentiate_residuals(std::span<const std::uint32_t> places, Range rows,
                                               double scale) {
  const Rows& data = data_.rows();
  const auto layers = network_.layers();
  const std::size_t outputs = network_.outputs();
  data.features.gather<T>(places, activations_.input().row_block(rows));
  objective_.gather(data, places, rows, targets_);
  network_.forward(passes_, rows, Layer<T>::Ending::activation);
  const auto seen = objective_.predictions(data, targets_, activations_.output(), rows);
  const T* const weights = objective_.weights(data, targets_, rows, true);
  const MatrixView<T> seeds = activations_.output_gradient().row_block(rows);
  for (std::size_t output = 0; output < outputs; ++output) {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const double weight = weights == nullptr ? 1 : static_cast<double>(weights[i]);
      const T factor = static_cast<T>(std::sqrt(2 * scale * weight));
      std::fill_n(seeds.row(i), outputs, T{0});
      seeds.row(i)[output] = factor;
      *residuals_.view().row((rows.begin + i) * outputs + output) =
          factor * (seen.outputs.row(i)[output] - seen.targets.row(i)[output]);
    }
    for (std::size_t l = layers.size(); l-- > 0;) {
      layers[l]->backward_activation(passes_[l], rows);
      if (l > 0) layers[l]->backward_input(passes_[l], rows);
    }
    for (std::size_t r = rows.begin; r < rows.end; ++r) {
      T* into = jacobian_.view().row(r * outputs + output);
      for (const auto& place : network_.tensors()) {
        if (!network_.learns(place)) continue;
        const Tensor& shape = place.shape;
        layers[place.layer]->gradient(cut_rows(passes_[place.layer], {r, r + 1}), place.tensor,
                                      {0, shape.rows}, {0, shape.columns}, T{0},
                                      {into, shape.rows, shape.columns});
        into += shape.size();
      }
    }
  }
}

template <typename T>
double FullBatchCost<T>::linearize(std::span<const T> point, std::span<T> gradient,
                                   MatrixView<T> curvature) {
  const double cost = value(point);
  const Rows& data = data_.rows();
  const std::size_t outputs = network_.outputs();
  const std::size_t chunk_rows =
      std::clamp<std::size_t>(most_jacobian_rows / outputs, 1, places_.size());
  if (jacobian_.bytes() == 0) {
    activations_ = Activations<T>(network_, chunk_rows);
    targets_ = TargetRows<T>(chunk_rows, outputs);
    jacobian_ = Matrix<T>(chunk_rows * outputs, size_);
    residuals_ = Matrix<T>(chunk_rows * outputs, 1);
  }
  passes_ = activations_.link(step_.parameters().data(), &draws_);

  // The loss is scale times the sum of weight (output - target)^2.
  const double scale = objective_.residual_scale() /
                       (objective_.is_averaged() ? objective_.weight(data, places_, true) : 1);
  for (std::size_t begin = 0; begin < places_.size(); begin += chunk_rows) {
    const auto chunk = places_.subspan(begin, std::min(chunk_rows, places_.size() - begin));
    team_.run(pieces(chunk.size(), tile_rows), [&](std::size_t tile, std::size_t /*thread*/) {
      const Range rows{tile * tile_rows, std::min(chunk.size(), (tile + 1) * tile_rows)};
      differentiate_residuals(chunk.subspan(rows.begin, rows.size()), rows, scale);
    });
    const Range all{0, chunk.size() * outputs};
    const MatrixView<T> jacobian = jacobian_.view().row_block(all);
    const MatrixView<T> residuals = residuals_.view().row_block(all);
    const T beta = begin == 0 ? T{0} : T{1};
    // The largest blocks, which are the last of the lower triangle, first.
    const std::size_t blocks = pieces(size_, block_rows);
    team_.run(blocks, [&](std::size_t index, std::size_t /*thread*/) {
      const std::size_t first = (blocks - 1 - index) * block_rows;
      const Range own{first, std::min(size_, first + block_rows)};
      const Range left{0, own.end};
      const MatrixView<T> part = jacobian.block(all, own);
      gemm<T>(Transpose::yes, part, Transpose::no, jacobian.block(all, left), beta,
              curvature.block(own, left));
      gemm<T>(Transpose::yes, part, Transpose::no, residuals, beta,
              {gradient.data() + own.begin, own.size(), 1});
    });
  }

  std::size_t first = 0;
  for (std::size_t place = 0; place < network_.tensors().size(); ++place) {
    if (!network_.learns(network_.tensors()[place])) continue;
    const std::size_t end = first + network_.tensors()[place].shape.size();
    const T decay = static_cast<T>(
        2 * objective_.tensor_penalty(place, objective_.weight(data, places_, true)).l2);
    for (; first < end; ++first) {
      gradient[first] += decay * point[first];
      curvature.row(first)[first] += decay;
    }
  }
  return cost;
}

template class FullBatchCost<float>;
template class FullBatchCost<double>;

}  // namespace gemmnet
