#include "core/trainer.h"

#include "core/fit.h"
#include "core/thread_budget.h"

namespace gemmnet {

template <typename T>
Trainer<T>::Trainer(std::shared_ptr<Network<T>> network, const TrainerSettings& settings)
    : network_(std::move(network)), settings_(settings), objective_(*network_, settings.objective) {
  state_.averages.momentum = settings.average_momentum;
  for (const PhaseSettings& phase : settings.phases) {
    auto& state = state_.phases.emplace_back();
    const NamedOptions& optimizer = phase.update.optimizer;
    if (const auto* method = find(quasi_newton_methods<T>(), optimizer.name)) {
      for (std::size_t l = 0; l < network_->layers().size(); ++l)
        if (find_required(layers<T>(), "layer", network_->settings()[l].kind).random ||
            network_->couples_rows(l))
          throw std::invalid_argument(optimizer.name +
                                      " needs a cost that depends on nothing else");
      if (method->least_squares && !objective_.is_squared_error())
        throw std::invalid_argument(optimizer.name + " needs a squared error");
      state.quasi_newton = method->make(optimizer.options.data(), learned_count(*network_));
      continue;
    }
    find_required(kernels<T>().optimizers, "optimizer", optimizer.name);
    if (phase.schedule) check_schedule(*phase.schedule);
  }
}

template <typename T>
FitOutcome Trainer<T>::fit(const FitSettings& settings, FitObserver& observer,
                           CustomLoss<T>* custom_loss) {
  return Fit<T>(*network_, objective_, settings_, state_, settings, observer, custom_loss).run();
}

template <typename T>
Scores Trainer<T>::evaluate(const Dataset& data, const typename Inference<T>::Stop& stop) const {
  const std::size_t most =
      threads_for(*network_, settings_.threads, data.size(), inference_tiles(data.size()));
  std::optional<ThreadBudget::Share> share;
  if (settings_.threads == 0)
    share.emplace(ThreadBudget::of_process(), ThreadBudget::Kind::passing, most);
  ThreadTeam team(share ? share->threads() : most);
  Inference<T> inference(*network_, data.size(), team.size());
  const auto block = network_->parameters();
  Scores scores;
  inference.evaluate(block->data(), objective_, data, team, stop, scores);
  return scores;
}

template <typename T>
std::size_t Trainer<T>::bytes() const {
  std::size_t sum = state_.averages.block.bytes() + state_.weights.bytes();
  for (const auto& phase : state_.phases) {
    for (const AlignedBuffer<T>& slot : phase.optimizer.slots) sum += slot.bytes();
    if (phase.quasi_newton != nullptr) sum += phase.quasi_newton->bytes();
  }
  return sum;
}

template class Trainer<float>;
template class Trainer<double>;

}  // namespace gemmnet
