#include <doctest/doctest.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "core/trainer.h"
#include "layer_settings.h"

// Counts all allocations of this program. Not inlined, or gcc takes free for the wrong partner of
// new.
namespace {
std::atomic<std::size_t> allocations{0};

void* allocate(std::size_t size, std::size_t alignment) {
  ++allocations;
  const std::size_t rounded = (size + alignment - 1) / alignment * alignment;
  void* const memory = std::aligned_alloc(alignment, rounded == 0 ? alignment : rounded);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
}  // namespace

[[gnu::noinline]] void* operator new(std::size_t size) {
  return allocate(size, alignof(std::max_align_t));
}
[[gnu::noinline]] void* operator new(std::size_t size, std::align_val_t alignment) {
  return allocate(size, static_cast<std::size_t>(alignment));
}
[[gnu::noinline]] void* operator new(std::size_t size, std::align_val_t alignment,
                                     const std::nothrow_t& /*tag*/) noexcept {
  return allocate(size, static_cast<std::size_t>(alignment));
}
[[gnu::noinline]] void* operator new(std::size_t size, const std::nothrow_t& /*tag*/) noexcept {
  ++allocations;
  return std::malloc(size == 0 ? 1 : size);
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::align_val_t) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
  std::free(memory);
}

using namespace gemmnet;

namespace {

class Silent : public FitObserver {
  void epoch_ended(const EpochReport&) override {}
  void batch_ended(const BatchReport&) override {}
  bool ask_learning_rate(std::size_t, std::uint64_t, std::uint64_t, double&) override {
    return false;
  }
  [[nodiscard]] bool stop_requested() const override { return false; }
};

std::size_t allocations_of(std::size_t epochs, std::size_t threads) {
  const std::size_t rows = 230;
  auto data = std::make_shared<Rows>();
  auto features = std::make_shared<std::vector<float>>(rows * 64, 0.5F);
  data->features = {ElementType::float32, features->data(), rows, 64, 1};
  data->features_owner = features;
  data->classes = 10;
  for (std::size_t i = 0; i < rows; ++i) data->labels.push_back(static_cast<std::int32_t>(i % 10));

  auto network = std::make_shared<Network<float>>(
      64,
      std::vector<LayerSettings>{embedding({{3, 20'000, 8}}), dense(100, "sigmoid"), batch_norm(),
                                 layer("dropout", {0.5}), layer("layerNorm", {1e-3}),
                                 layer("gaussianNoise", {0.1}), dense(10, "softmax")},
      1);
  TrainerSettings settings;
  settings.objective.loss = {"categoricalCrossentropy", {0, 1e-7}};
  settings.objective.metrics = {{"accuracy", {}}};
  settings.objective.tensor_penalties.assign(network->tensors().size(), {1e-5, 1e-4});
  settings.objective.activity_penalties.assign(network->layers().size(), {0, 1e-4});
  settings.average_momentum = 0.99;
  PhaseSettings phase;
  phase.update.optimizer = {"adam", {0.9, 0.999, 1e-7, 0, 1}};
  phase.update.clipping.global_norm = 1;
  phase.update.max_norms.assign(network->tensors().size(), 1);
  phase.schedule = ScheduleSettings{"constant", ScheduleUnit::step, {0.001}, {}, {}, {}};
  phase.batch_size = 100;
  settings.phases = {phase};
  settings.threads = threads;
  Trainer<float> trainer(network, settings);
  Silent silent;
  const Dataset all(data);
  const FitSettings fit{all, {all}, epochs, 7};
  const std::size_t before = allocations.load();
  trainer.fit(fit, silent, nullptr);
  return allocations.load() - before;
}

}  // namespace

TEST_CASE("epochs allocate nothing: what a fit allocates does not depend on their number") {
  allocations_of(1, 1);  // what a process allocates once
  for (const std::size_t threads : {0, 1, 2, 3}) {
    const std::size_t few = allocations_of(2, threads);
    CHECK(few > 0);
    CHECK(allocations_of(50, threads) == few);
  }
}
