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
      team_(&team),
      size_(learned_count(network)) {}

template <typename T>
void FullBatchCost<T>::read(const AlignedBuffer<T>& block, std::span<T> point) const {
  T* to = point.data();
  for (const auto& place : network_.tensors())
    if (network_.learns(place))
      to = std::copy_n(block.data() + place.shape.offset, place.shape.size(), to);
}

/// Copies a point to its places in a block like the network's; true if it was there already.
template <typename T>
bool FullBatchCost<T>::write(std::span<const T> point, std::span<T> block) const {
  bool equal = true;
  const T* from = point.data();
  for (const auto& place : network_.tensors()) {
    if (!network_.learns(place)) continue;
    T* const to = block.data() + place.shape.offset;
    equal = equal && std::equal(from, from + place.shape.size(), to);
    std::copy_n(from, place.shape.size(), to);
    from += place.shape.size();
  }
  return equal;
}

template <typename T>
bool FullBatchCost<T>::move_to(std::span<const T> point) {
  known_ = write(point, step_.parameter_block()) && known_;
  return known_;
}

template <typename T>
double FullBatchCost<T>::evaluate(std::span<const T> point, std::span<T> gradient) {
  move_to(point);
  value_ = step_.differentiate(data_.rows(), places_, *team_, scores_);
  known_ = true;
  read(step_.gradient(), gradient);
  return value_;
}

template <typename T>
double FullBatchCost<T>::value(std::span<const T> point) {
  if (!move_to(point)) value_ = step_.cost(data_.rows(), places_, *team_, scores_);
  known_ = true;
  return value_;
}

template <typename T>
void FullBatchCost<T>::score(std::span<const T> point, Scores& scores) {
  value(point);
  scores = scores_;
}

template <typename T>
void FullBatchCost<T>::prepare_chunks() {
  if (chunk_rows_ != 0) return;
  const std::size_t outputs = network_.outputs();
  chunk_rows_ = std::clamp<std::size_t>(most_jacobian_rows / outputs, 1, places_.size());
  activations_ = PassBuffers<T>(network_, chunk_rows_);
  passes_ = activations_.link(step_.parameters().data(), &draws_);
  moved_block_ = step_.parameters();  // what is not learned stays
  moved_ = PassBuffers<T>(network_, chunk_rows_);
  moved_passes_ = moved_.link(moved_block_.data(), &draws_);
  targets_ = TargetRows<T>(chunk_rows_, outputs);
  jacobian_ = Matrix<T>(chunk_rows_ * outputs, size_);
  residuals_ = Matrix<T>(chunk_rows_ * outputs, 1);
}

template <typename T>
template <typename Use>
void FullBatchCost<T>::run_tiles(std::span<const std::uint32_t> chunk, const Use& use) {
  team_->run(pieces(chunk.size(), tile_rows), [&](std::size_t tile, std::size_t /*thread*/) {
    const Range rows{tile * tile_rows, std::min(chunk.size(), (tile + 1) * tile_rows)};
    use(chunk.subspan(rows.begin, rows.size()), rows);
  });
}

template <typename T>
double FullBatchCost<T>::residual_scale() const {
  return objective_.residual_scale() /
         (objective_.is_averaged() ? objective_.weight(data_.rows(), places_, true) : 1);
}

template <typename T>
void FullBatchCost<T>::forward(std::span<const std::uint32_t> places, Range rows) {
  data_.rows().features.template gather<T>(places, activations_.input().row_block(rows));
  objective_.gather(data_.rows(), places, rows, targets_);
  network_.forward(passes_, rows, Layer<T>::Ending::activation);
}

/// From the gradient with respect to the outputs.
template <typename T>
void FullBatchCost<T>::backward(Range rows) {
  const auto layers = network_.layers();
  for (std::size_t l = layers.size(); l-- > 0;) {
    layers[l]->backward_activation(passes_[l], rows);
    if (l > 0) layers[l]->backward_input(passes_[l], rows);
  }
}

/// For the rows of the data at `places`, rows `rows` of the chunk: residuals, and their
/// derivatives. Row `r outputs + k` of both is that of output k of row r.
template <typename T>
void FullBatchCost<T>::differentiate_residuals(std::span<const std::uint32_t> places, Range rows,
                                               double scale) {
  const std::size_t outputs = network_.outputs();
  forward(places, rows);
  const auto seen = objective_.predictions(data_.rows(), targets_, activations_.output(), rows);
  const T* const weights = objective_.weights(data_.rows(), targets_, rows, true);
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
    backward(rows);
    for (std::size_t r = rows.begin; r < rows.end; ++r) {
      T* into = jacobian_.view().row(r * outputs + output);
      for (const auto& place : network_.tensors()) {
        if (!network_.learns(place)) continue;
        const Tensor& shape = place.shape;
        network_.layers()[place.layer]->gradient(cut_rows(passes_[place.layer], {r, r + 1}),
                                                 place.tensor, {0, shape.rows}, {0, shape.columns},
                                                 T{0}, {into, shape.rows, shape.columns});
        into += shape.size();
      }
    }
  }
}

template <typename T>
double FullBatchCost<T>::linearize(std::span<const T> point, std::span<T> gradient,
                                   MatrixView<T> curvature) {
  const double cost = value(point);
  prepare_chunks();
  const double scale = residual_scale();
  for (std::size_t begin = 0; begin < places_.size(); begin += chunk_rows_) {
    const auto chunk = places_.subspan(begin, std::min(chunk_rows_, places_.size() - begin));
    run_tiles(chunk, [&](std::span<const std::uint32_t> places, Range rows) {
      differentiate_residuals(places, rows, scale);
    });
    const Range all{0, chunk.size() * network_.outputs()};
    const MatrixView<T> jacobian = jacobian_.view().row_block(all);
    const MatrixView<T> residuals = residuals_.view().row_block(all);
    const T beta = begin == 0 ? T{0} : T{1};
    // The largest blocks, which are the last of the lower triangle, first.
    const std::size_t blocks = pieces(size_, block_rows);
    team_->run(blocks, [&](std::size_t index, std::size_t /*thread*/) {
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
  add_decay([&](std::size_t i, T decay) {
    gradient[i] += decay * point[i];
    curvature.row(i)[i] += decay;
  });
  return cost;
}

template <typename T>
void FullBatchCost<T>::project(std::span<const T> point, std::span<const T> moved,
                               std::span<T> gradient) {
  move_to(point);
  prepare_chunks();
  write(moved, {moved_block_.data(), moved_block_.size()});
  const double scale = residual_scale();
  for (std::size_t begin = 0; begin < places_.size(); begin += chunk_rows_) {
    const auto chunk = places_.subspan(begin, std::min(chunk_rows_, places_.size() - begin));
    run_tiles(chunk, [&](std::span<const std::uint32_t> places, Range rows) {
      forward(places, rows);
      copy_rows<T>(activations_.input().row_block(rows), moved_.input().row_block(rows));
      network_.forward(moved_passes_, rows, Layer<T>::Ending::activation);
      const auto seen = objective_.predictions(data_.rows(), targets_, moved_.output(), rows);
      const T* const weights = objective_.weights(data_.rows(), targets_, rows, true);
      const MatrixView<T> seeds = activations_.output_gradient().row_block(rows);
      for (std::size_t i = 0; i < rows.size(); ++i) {
        const double weight = weights == nullptr ? 1 : static_cast<double>(weights[i]);
        const T factor = static_cast<T>(2 * scale * weight);
        for (std::size_t k = 0; k < seeds.columns; ++k)
          seeds.row(i)[k] = factor * (seen.outputs.row(i)[k] - seen.targets.row(i)[k]);
      }
      backward(rows);
    });
    T* into = gradient.data();
    for (const auto& place : network_.tensors()) {
      if (!network_.learns(place)) continue;
      const Tensor& shape = place.shape;
      network_.layers()[place.layer]->gradient(
          cut_rows(passes_[place.layer], {0, chunk.size()}), place.tensor, {0, shape.rows},
          {0, shape.columns}, begin == 0 ? T{0} : T{1}, {into, shape.rows, shape.columns});
      into += shape.size();
    }
  }
  add_decay([&](std::size_t i, T decay) { gradient[i] += decay * moved[i]; });
}

/// Calls `add` for each parameter with an L2 penalty: its index, and what the penalty's gradient
/// is, relative to it.
template <typename T>
template <typename Add>
void FullBatchCost<T>::add_decay(const Add& add) const {
  const double weight = objective_.weight(data_.rows(), places_, true);
  std::size_t first = 0;
  for (std::size_t place = 0; place < network_.tensors().size(); ++place) {
    if (!network_.learns(network_.tensors()[place])) continue;
    const std::size_t end = first + network_.tensors()[place].shape.size();
    const T decay = static_cast<T>(2 * objective_.tensor_penalty(place, weight).l2);
    for (; first < end; ++first)
      if (decay != 0) add(first, decay);
  }
}

template class FullBatchCost<float>;
template class FullBatchCost<double>;

}  // namespace gemmnet
