#pragma once

#include <optional>
#include <span>
#include <vector>

#include "core/objective.h"
#include "core/pass_buffers.h"
#include "core/plan.h"
#include "core/thread_team.h"

namespace gemmnet {

/// A batch, or a piece of one, on its way through a network and back.
struct Piece {
  const Rows& data;
  std::span<const std::uint32_t> places;
  BatchDraws draws;
  std::size_t batch_rows;  // of the whole batch
  double batch_weight;     // what the whole batch's loss is divided by
  bool differentiates;     // else only the loss is wanted
};

/// The way of a batch through a network and back, cut into the row tiles of a Plan: gather,
/// forward, loss, backward, and where the plan wants it the gradients of each tile's rows. One that
/// was prepared for a plan allocates nothing.
///
/// A layer that couples the rows of the batch, one whose products are cut in columns too, or a loss
/// that is a function of whole batches, cuts the way in stages.
template <typename T>
class BatchPass {
 public:
  /// Of up to `rows` rows, with the weights at `parameters`. What is passed must outlive it;
  /// `custom_loss` may be null unless the objective is custom.
  BatchPass(const Network<T>& network, const Objective<T>& objective, CustomLoss<T>* custom_loss,
            const T* parameters, std::size_t rows);

  void prepare(const Plan& plan);
  /// From now on, outputs and targets are also written to `rows`, at their places in the epoch.
  void collect(ScoredRows<T>* rows) { scored_ = rows; }

  /// Of these, only a Step's has a penalty of the weights.
  enum class Outcome : std::uint8_t { done, non_finite, non_finite_penalty, stopped };
  /// Adds the sums over the rows to `scores`.
  Outcome run(const Piece& piece, const Plan& plan, ThreadTeam& team, Scores& scores);

  /// Where a value is not finite.
  struct NonFinite {
    /// The first whose outputs hold one, or whose penalty is; the number of layers if only the loss
    /// is.
    std::size_t layer = 0;
    /// Of the first such row, in the data; none for a penalty, or if it is no single row's loss.
    std::optional<std::uint32_t> place;
  };

  /// After `non_finite`: of the forward pass.
  [[nodiscard]] const NonFinite& non_finite() const { return non_finite_; }

  /// What a gradient of the rows that were last run is taken from.
  [[nodiscard]] const LayerPass<T>& pass(std::size_t layer) const { return staged_passes_[layer]; }
  /// The gradients that the rows of a tile made, as the network's block, where the plan wanted
  /// them.
  [[nodiscard]] AlignedBuffer<T>& row_gradients(std::size_t tile) { return row_gradients_[tile]; }
  /// Lets running statistics in `parameters` follow the rows that were last run.
  void follow(std::size_t rows, T* parameters) const;

 private:
  using Direction = typename Layer<T>::Direction;

  /// What is done between two waits for all threads. The first one gathers, the last one scores;
  /// both go by rows.
  struct Stage {
    Range layers;    // one, or none up to all
    bool by_blocks;  // the one layer's products, by its blocks; else all layers, by row tiles
    bool couples;    // the first layer couples rows: its sums are combined before
  };

  void set_stages(const Plan& plan);
  void forward(const Piece& piece, const Plan& plan, ThreadTeam& team);
  void forward_rows(const Piece& piece, const Plan& plan, Range tiles, std::size_t stage);
  void collect(std::size_t layer, const Plan& plan, Range tiles, Direction direction);
  void score(const Piece& piece, Range rows, std::size_t tile);
  bool ask_custom_loss(const Piece& piece, double& loss);
  void backward(const Piece& piece, const Plan& plan, ThreadTeam& team);
  void backward_last(const Piece& piece, const Plan& plan, Range tiles);
  void backward_rows(const Piece& piece, const Plan& plan, Range tiles, std::size_t stage);
  void backward_block(std::size_t stage, Range rows, Range columns);
  void backward_activation(std::size_t layer, Range rows);
  [[nodiscard]] typename Layer<T>::Ending ending_of(std::size_t layer) const;
  void combine(std::size_t layer, const Plan& plan, Direction direction);
  void take_row_gradients(std::size_t tile, Range rows);
  Outcome find_non_finite(const Piece& piece);
  std::optional<std::uint32_t> find_non_finite_loss(const Piece& piece);

  const Network<T>& network_;
  const Objective<T>& objective_;
  CustomLoss<T>* custom_loss_;
  ScoredRows<T>* scored_ = nullptr;
  std::vector<std::size_t> coupled_;  // layers that couple rows, in order
  std::size_t first_trained_;         // nothing below this layer learns
  std::vector<Stage> stages_;         // of the plan for staged_rows_
  std::size_t staged_rows_ = 0;

  BatchDraws draws_;
  PassBuffers<T> buffers_;
  std::span<const LayerPass<T>> passes_;     // for the most rows there can be
  std::vector<LayerPass<T>> staged_passes_;  // cut to staged_rows_
  TargetRows<T> targets_;
  std::vector<AlignedBuffer<T>> row_gradients_;     // per row tile, where the plan wants them
  std::vector<AlignedBuffer<T>> tile_sums_;         // per row tile: of the layer being coupled
  std::vector<AlignedBuffer<double>> tile_scores_;  // per row tile: loss, activity, then metrics
  NonFinite non_finite_;
};

}  // namespace gemmnet
