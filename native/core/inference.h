#pragma once

#include <functional>
#include <vector>

#include "core/objective.h"
#include "core/plan.h"
#include "core/thread_team.h"

namespace gemmnet {

/// Rows through a network forward only, tile by tile, without the buffers of training: each thread
/// has two that the layers use in turn.
template <typename T>
class Inference {
 public:
  /// `network` must outlive it. `largest` is the greatest number of rows it will be given, at least
  /// one; `threads` the size of the team that will run it.
  Inference(const Network<T>& network, std::size_t largest, std::size_t threads);

  /// True if the work should end early; asked between tiles, from any thread.
  using Stop = std::function<bool()>;

  /// outputs(i, :) = the network's for row i of `features`, with weights `parameters`.
  void predict(const T* parameters, const StoredMatrix& features, MatrixView<T> outputs,
               ThreadTeam& team, const Stop& stop);

  /// The same for the rows of a view.
  void predict(const T* parameters, const Dataset& data, MatrixView<T> outputs, ThreadTeam& team,
               const Stop& stop);

  /// Loss, penalty and metrics over the rows of `data`, as they are reported; meaningless if
  /// stopped.
  void evaluate(const T* parameters, const Objective<T>& objective, const Dataset& data,
                ThreadTeam& team, const Stop& stop, Scores& scores);

 private:
  struct Workspace {
    Matrix<T> input;  // gathered rows, where there are any
    Matrix<T> even;   // outputs of layers 0, 2, ...
    Matrix<T> odd;
    TargetRows<T> targets;
    std::vector<LayerPass<T>> passes;
    std::vector<std::uint32_t> places;
  };

  void prepare_inputs();

  /// Links the passes of `workspace` for `rows` rows; the last layer writes to `output`.
  void link(Workspace& workspace, const T* parameters, MatrixView<const T> input,
            MatrixView<T> output) const;
  MatrixView<T> last_buffer(Workspace& workspace, std::size_t rows) const;

  /// Like network_.forward, adding up the penalty of the layers' outputs.
  double forward(Workspace& workspace, const Objective<T>& objective, Range rows) const;

  const Network<T>& network_;
  std::size_t tile_rows_;
  std::vector<Workspace> workspaces_;
  std::vector<AlignedBuffer<double>> tile_scores_;  // loss, activity, weight, then metrics
  ScoredRows<T> all_;                               // where a metric needs all rows
};

}  // namespace gemmnet
