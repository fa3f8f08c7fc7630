#include "core/inference.h"

#include <algorithm>
#include <numeric>

namespace gemmnet {

namespace {

Range tile_range(std::size_t index, std::size_t tile_rows, std::size_t rows) {
  return {index * tile_rows, std::min(rows, (index + 1) * tile_rows)};
}

}  // namespace

template <typename T>
Inference<T>::Inference(const Network<T>& network, std::size_t largest, std::size_t threads)
    : network_(network), tile_rows_(std::min(largest, inference_rows)), workspaces_(threads) {
  for (Workspace& workspace : workspaces_) {
    workspace.even = Matrix<T>(tile_rows_, network.widest());
    workspace.odd = Matrix<T>(tile_rows_, network.widest());
    workspace.targets = TargetRows<T>(tile_rows_, network.outputs());
    workspace.passes.resize(network.layers().size());
    workspace.places.resize(tile_rows_);
  }
}

template <typename T>
void Inference<T>::prepare_inputs() {
  for (Workspace& workspace : workspaces_)
    if (workspace.input.bytes() == 0) workspace.input = Matrix<T>(tile_rows_, network_.inputs());
}

template <typename T>
MatrixView<T> Inference<T>::last_buffer(Workspace& workspace, std::size_t rows) const {
  const bool even = network_.layers().size() % 2 == 1;
  return {(even ? workspace.even : workspace.odd).view().data, rows, network_.outputs()};
}

template <typename T>
void Inference<T>::link(Workspace& workspace, const T* parameters, MatrixView<const T> input,
                        MatrixView<T> output) const {
  const auto layers = network_.layers();
  for (std::size_t l = 0; l < layers.size(); ++l) {
    LayerPass<T>& pass = workspace.passes[l];
    T* const buffer = (l % 2 == 0 ? workspace.even : workspace.odd).view().data;
    pass.parameters = parameters;
    pass.input = input;
    pass.output =
        l + 1 == layers.size() ? output : MatrixView<T>(buffer, input.rows, layers[l]->outputs());
    pass.kept = pass.output;
    input = pass.output;
  }
}

template <typename T>
void Inference<T>::predict(const T* parameters, const StoredMatrix& features, MatrixView<T> outputs,
                           ThreadTeam& team, const Stop& stop) {
  const auto as_is = features.as_is<T>();
  if (!as_is) prepare_inputs();
  const std::size_t tiles = (outputs.rows + tile_rows_ - 1) / tile_rows_;
  team.run(tiles, [&](std::size_t index, std::size_t thread) {
    if (stop()) return;
    Workspace& workspace = workspaces_[thread];
    const Range rows = tile_range(index, tile_rows_, outputs.rows);
    MatrixView<const T> input;
    if (as_is) {
      input = as_is->row_block(rows);
    } else {
      std::iota(workspace.places.begin(), workspace.places.end(),
                static_cast<std::uint32_t>(rows.begin));
      const MatrixView<T> gathered = workspace.input.view().row_block({0, rows.size()});
      features.gather<T>({workspace.places.data(), rows.size()}, gathered);
      input = gathered;
    }
    link(workspace, parameters, input, outputs.row_block(rows));
    network_.forward(workspace.passes, {0, rows.size()}, Layer<T>::Ending::activation);
  });
}

template <typename T>
void Inference<T>::predict(const T* parameters, const Dataset& data, MatrixView<T> outputs,
                           ThreadTeam& team, const Stop& stop) {
  if (data.is_whole()) return predict(parameters, data.rows().features, outputs, team, stop);
  prepare_inputs();
  const std::size_t tiles = (outputs.rows + tile_rows_ - 1) / tile_rows_;
  team.run(tiles, [&](std::size_t index, std::size_t thread) {
    if (stop()) return;
    Workspace& workspace = workspaces_[thread];
    const Range rows = tile_range(index, tile_rows_, outputs.rows);
    for (std::size_t i = 0; i < rows.size(); ++i) workspace.places[i] = data.place(rows.begin + i);
    const MatrixView<T> input = workspace.input.view().row_block({0, rows.size()});
    data.rows().features.gather<T>({workspace.places.data(), rows.size()}, input);
    link(workspace, parameters, input, outputs.row_block(rows));
    network_.forward(workspace.passes, {0, rows.size()}, Layer<T>::Ending::activation);
  });
}

template <typename T>
double Inference<T>::forward(Workspace& workspace, const Objective<T>& objective,
                             Range rows) const {
  const auto layers = network_.layers();
  double activity = 0;
  for (std::size_t l = 0; l < layers.size(); ++l) {
    const LayerPass<T>& pass = workspace.passes[l];
    layers[l]->forward(pass, rows,
                       l + 1 == layers.size() ? objective.ending() : Layer<T>::Ending::activation);
    if (!objective.activity_penalty(l).is_zero())
      activity += objective.activity(l, pass.output.row_block(rows));
  }
  return activity;
}

template <typename T>
void Inference<T>::evaluate(const T* parameters, const Objective<T>& objective, const Dataset& data,
                            ThreadTeam& team, const Stop& stop, Scores& scores) {
  enum : std::size_t { tile_loss, tile_activity, tile_weight, tile_metrics };
  const std::size_t tiles = (data.size() + tile_rows_ - 1) / tile_rows_;
  prepare_inputs();
  while (tile_scores_.size() < tiles)
    tile_scores_.emplace_back(tile_metrics + objective.metric_sum_count());
  const bool needs_all = objective.needs_all_rows();
  if (needs_all && all_.outputs.view().rows < data.size())
    all_ = ScoredRows<T>(data.size(), network_.outputs());
  team.run(tiles, [&](std::size_t index, std::size_t thread) {
    if (stop()) return;
    Workspace& workspace = workspaces_[thread];
    const Range rows = tile_range(index, tile_rows_, data.size());
    const Range tile{0, rows.size()};
    for (std::size_t i = 0; i < rows.size(); ++i) workspace.places[i] = data.place(rows.begin + i);
    const std::span<const std::uint32_t> places(workspace.places.data(), rows.size());
    const MatrixView<T> input = workspace.input.view().row_block(tile);
    data.rows().features.gather<T>(places, input);
    objective.gather(data.rows(), places, tile, workspace.targets);
    const MatrixView<T> outputs = last_buffer(workspace, rows.size());
    link(workspace, parameters, input, outputs);
    double* const sums = tile_scores_[index].data();
    std::fill_n(sums, tile_scores_[index].size(), 0.0);
    sums[tile_activity] = forward(workspace, objective, tile);
    sums[tile_weight] = objective.weight(data.rows(), places, false);
    sums[tile_loss] = objective.score(data.rows(), workspace.targets, outputs, MatrixView<T>(),
                                      tile, T{1}, false, sums + tile_metrics);
    if (!needs_all) return;
    copy_rows<T>(outputs, all_.outputs.view().row_block(rows));
    objective.gather(data.rows(), places, rows, all_.targets);
  });
  if (stop()) return;
  // Added up here, in the order of the tiles, whoever ran them.
  objective.clear(scores);
  for (std::size_t tile = 0; tile < tiles; ++tile) {
    const double* const sums = tile_scores_[tile].data();
    scores.loss += sums[tile_loss];
    scores.penalty += sums[tile_activity];
    scores.weight += sums[tile_weight];
    objective.merge_metrics(sums + tile_metrics, scores.metric_sums.data());
  }
  scores.rows = data.size();
  const auto all = objective.predictions(data.rows(), all_.targets, all_.outputs.view(),
                                         {0, needs_all ? data.size() : 0});
  objective.finish(scores, all);
  scores.penalty += objective.penalty(parameters, scores.weight);
}

template class Inference<float>;
template class Inference<double>;

}  // namespace gemmnet
