#pragma once

#include <span>
#include <vector>

#include "core/quasi_newton/cost.h"
#include "core/step.h"

namespace gemmnet {

/// Parameters that training changes.
template <typename T>
std::size_t learned_count(const Network<T>& network);

/// The cost of a whole data set as a function of the parameters that training changes, one after
/// the other. As a sum of squares it takes the residuals of squared-error losses, and those of an
/// L2 penalty.
template <typename T>
class FullBatchCost final : public LeastSquaresCost<T> {
 public:
  /// All must outlive it; `places` are those of all rows of `data`.
  FullBatchCost(const Network<T>& network, const Objective<T>& objective, Step<T>& step,
                const Dataset& data, std::span<const std::uint32_t> places, ThreadTeam& team);

  /// From now on, another team does the work.
  void run_on(ThreadTeam& team) { team_ = &team; }

  [[nodiscard]] std::size_t size() const override { return size_; }
  double evaluate(std::span<const T> point, std::span<T> gradient) override;
  double value(std::span<const T> point) override;
  double linearize(std::span<const T> point, std::span<T> gradient,
                   MatrixView<T> curvature) override;
  void project(std::span<const T> point, std::span<const T> moved, std::span<T> gradient) override;

  /// The sums of loss, penalty and metrics at `point`, which the step then holds.
  void score(std::span<const T> point, Scores& scores);

  /// The point that a block like the network's is.
  void read(const AlignedBuffer<T>& block, std::span<T> point) const;

 private:
  bool write(std::span<const T> point, std::span<T> block) const;
  /// Sets the step's weights; true if value_ and scores_ are theirs already: where a search ends it
  /// has just been.
  bool move_to(std::span<const T> point);
  template <typename Add>
  void add_decay(const Add& add) const;
  void prepare_chunks();
  /// Calls `use` with the rows of the data and the tile's rows in the chunk, for each tile.
  template <typename Use>
  void run_tiles(std::span<const std::uint32_t> chunk, const Use& use);
  /// The loss is this times the sum of weight (output - target)^2.
  [[nodiscard]] double residual_scale() const;
  void forward(std::span<const std::uint32_t> places, Range rows);
  void backward(Range rows);
  void differentiate_residuals(std::span<const std::uint32_t> places, Range rows, double scale);

  const Network<T>& network_;
  const Objective<T>& objective_;
  Step<T>& step_;
  const Dataset& data_;
  std::span<const std::uint32_t> places_;
  ThreadTeam* team_;
  std::size_t size_;
  // Of the step's weights, if `known_`:
  double value_ = 0;
  Scores scores_;
  bool known_ = false;

  // For linearize and project, which take the rows in chunks; made at the first call.
  std::size_t chunk_rows_ = 0;
  BatchDraws draws_;
  PassBuffers<T> activations_;
  std::span<const LayerPass<T>> passes_;
  AlignedBuffer<T> moved_block_;
  PassBuffers<T> moved_;
  std::span<const LayerPass<T>> moved_passes_;
  TargetRows<T> targets_;
  Matrix<T> jacobian_;   // (rows of a chunk x outputs, parameters)
  Matrix<T> residuals_;  // (rows of a chunk x outputs, 1)
};

}  // namespace gemmnet
