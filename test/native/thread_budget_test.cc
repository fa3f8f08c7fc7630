#include "core/thread_budget.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <barrier>
#include <list>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "core/processors.h"
#include "core/trainer.h"
#include "layer_settings.h"

using namespace gemmnet;

namespace {

using Kind = ThreadBudget::Kind;
using Share = ThreadBudget::Share;

constexpr std::size_t many = 1000;

/// What shares of these kinds and sizes get in the end, when they come in this order.
std::vector<std::size_t> dealt(std::size_t processors,
                               const std::vector<std::pair<Kind, std::size_t>>& wanted) {
  ThreadBudget budget(processors);
  std::list<Share> shares;
  for (const auto& [kind, most] : wanted) shares.emplace_back(budget, kind, most);
  std::vector<std::size_t> threads(shares.size());
  std::ranges::transform(shares, threads.begin(), &Share::threads);
  return threads;
}

}  // namespace

TEST_CASE("one share has all processors that it has use for, and not more") {
  CHECK(dealt(8, {{Kind::lasting, many}}) == std::vector<std::size_t>{8});
  CHECK(dealt(8, {{Kind::lasting, 3}}) == std::vector<std::size_t>{3});
  CHECK(dealt(8, {{Kind::lasting, 0}}) == std::vector<std::size_t>{1});
  CHECK(dealt(8, {{Kind::passing, many}}) == std::vector<std::size_t>{8});
  CHECK(dealt(8, {{Kind::passing, 1}}) == std::vector<std::size_t>{1});
}

TEST_CASE("processors are dealt out evenly, the first ones getting what is over") {
  CHECK(dealt(8, {{Kind::lasting, many}, {Kind::lasting, many}}) == std::vector<std::size_t>{4, 4});
  CHECK(dealt(8, {{Kind::lasting, many}, {Kind::lasting, many}, {Kind::lasting, many}}) ==
        std::vector<std::size_t>{3, 3, 2});
  // What one has no use for is for the others.
  CHECK(dealt(8, {{Kind::lasting, many}, {Kind::lasting, 1}, {Kind::lasting, many}}) ==
        std::vector<std::size_t>{4, 1, 3});
}

TEST_CASE("a share that rests leaves its processors to others, and gets some again") {
  ThreadBudget budget(8);
  Share first(budget, Kind::lasting, many);
  const Share second(budget, Kind::lasting, many);
  first.rest();
  CHECK(second.threads() == 8);
  first.resume();
  CHECK(first.threads() == 4);
  CHECK(second.threads() == 4);
  first.rest();  // and goes, without having been resumed
}

TEST_CASE("fixed shares get what they ask for, and the others what is left, at least one") {
  CHECK(dealt(8, {{Kind::lasting, many}, {Kind::fixed, 5}, {Kind::lasting, many}}) ==
        std::vector<std::size_t>{2, 5, 1});
  CHECK(dealt(8, {{Kind::fixed, 20}, {Kind::lasting, many}}) == std::vector<std::size_t>{20, 1});
  CHECK(dealt(2, std::vector<std::pair<Kind, std::size_t>>(5, {Kind::lasting, many})) ==
        std::vector<std::size_t>(5, 1));
}

TEST_CASE("passing shares are as large as a newcomer's, and those that last do not shrink") {
  CHECK(dealt(8, {{Kind::lasting, many}, {Kind::passing, many}}) == std::vector<std::size_t>{8, 4});
  CHECK(dealt(8, {{Kind::fixed, 6}, {Kind::passing, many}, {Kind::lasting, many}}) ==
        std::vector<std::size_t>{6, 2, 2});
}

TEST_CASE(
    "for any shares: each has one thread at least, and no processor is wasted or promised twice") {
  const std::vector<std::size_t> sizes{1, 2, 3, 7, many};
  for (const std::size_t processors : {1, 2, 3, 8, 64}) {
    for (std::size_t count = 1; count <= 70; ++count) {
      std::vector<std::pair<Kind, std::size_t>> wanted;
      std::size_t wish = 0;
      for (std::size_t i = 0; i < count; ++i) {
        const bool fixed = i % 11 == 5;
        wanted.emplace_back(fixed ? Kind::fixed : Kind::lasting, fixed ? 2 : sizes[i * i % 5]);
        wish += wanted.back().second;
      }
      const auto threads = dealt(processors, wanted);
      std::size_t sum = 0;
      std::size_t least = 0;
      for (std::size_t i = 0; i < count; ++i) {
        REQUIRE(threads[i] >= 1);
        REQUIRE(threads[i] <= wanted[i].second);
        if (wanted[i].first == Kind::fixed) REQUIRE(threads[i] == wanted[i].second);
        sum += threads[i];
        least += wanted[i].first == Kind::fixed ? wanted[i].second : 1;
      }
      REQUIRE(sum == std::max(least, std::min(processors, wish)));
    }
  }
}

TEST_CASE("who remains gets all again") {
  ThreadBudget budget(6);
  const Share first(budget, Kind::lasting, many);
  {
    const Share second(budget, Kind::lasting, many);
    const Share third(budget, Kind::fixed, 2);
    CHECK(first.threads() == 2);
    CHECK(second.threads() == 2);
  }
  CHECK(first.threads() == 6);
}

TEST_CASE("shares come and go on many threads at once") {
  ThreadBudget budget(16);
  {
    std::list<std::jthread> threads;
    for (std::size_t i = 0; i < 4; ++i)
      threads.emplace_back([&budget, i] {
        for (int round = 0; round < 500; ++round) {
          const Share lasting(budget, Kind::lasting, many);
          const Share other(budget, i % 2 == 0 ? Kind::fixed : Kind::passing, i + 1);
          if (lasting.threads() < 1 || lasting.threads() > 16) std::abort();
        }
      });
  }
  CHECK(Share(budget, Kind::lasting, many).threads() == 16);
}

namespace {

/// Called with each epoch's report, on the fit's thread.
class Observer : public FitObserver {
 public:
  explicit Observer(std::function<void(const EpochReport&)> seen) : seen_(std::move(seen)) {}

 private:
  void epoch_ended(const EpochReport& report) override { seen_(report); }
  void batch_ended(const BatchReport&) override {}
  bool ask_learning_rate(std::size_t, std::uint64_t, std::uint64_t, double&) override {
    return false;
  }
  [[nodiscard]] bool stop_requested() const override { return false; }

  std::function<void(const EpochReport&)> seen_;
};

constexpr std::size_t inputs = 300;

Dataset make_rows() {
  const std::size_t count = 520;
  auto rows = std::make_shared<Rows>();
  auto features = std::make_shared<std::vector<float>>();
  for (std::size_t i = 0; i < count * inputs; ++i)
    features->push_back(static_cast<float>(i * i % 101) / 100);
  rows->features = {ElementType::float32, features->data(), count, inputs, 1};
  rows->features_owner = features;
  rows->classes = 5;
  for (std::size_t i = 0; i < count; ++i) rows->labels.push_back(static_cast<std::int32_t>(i % 5));
  return Dataset(rows);
}

/// Trains a network large enough to have use for several threads; returns its weights.
std::vector<float> train(const Dataset& data, std::size_t threads, const NamedOptions& optimizer,
                         const std::function<void(const EpochReport&)>& seen) {
  auto network = std::make_shared<Network<float>>(
      inputs, std::vector<LayerSettings>{dense(260, "sigmoid"), dense(5, "softmax")}, 1);
  TrainerSettings settings;
  settings.objective.loss = {"categoricalCrossentropy", {0, 1e-7}};
  settings.objective.tensor_penalties.resize(network->tensors().size());
  settings.objective.activity_penalties.resize(network->layers().size());
  PhaseSettings phase;
  phase.update.optimizer = optimizer;
  phase.update.max_norms.assign(network->tensors().size(), 0);
  phase.schedule = ScheduleSettings{"constant", ScheduleUnit::step, {0.001}, {}, {}, {}};
  phase.batch_size = 256;
  settings.phases = {phase};
  settings.threads = threads;
  Trainer<float> trainer(network, settings);
  Observer observer(seen);
  trainer.fit({data, {data}, 4, 0}, observer, nullptr);
  const auto block = network->parameters();
  return {block->data(), block->data() + block->size()};
}

const NamedOptions adam{"adam", {0.9, 0.999, 1e-7, 0, 1}};
const NamedOptions lbfgs{"lbfgs", {10, 0, 20}};

void ignore(const EpochReport& /*report*/) {}

}  // namespace

TEST_CASE("a fit follows its share from epoch to epoch, and its bits stay") {
  const Dataset data = make_rows();
  const std::size_t all = available_processors();
  for (const NamedOptions& optimizer : {adam, lbfgs}) {
    const auto alone = train(data, 1, optimizer, ignore);
    std::optional<Share> other;
    std::vector<std::size_t> threads;
    const auto weights = train(data, 0, optimizer, [&](const EpochReport& report) {
      threads.push_back(report.threads);
      if (report.epoch == 1) other.emplace(ThreadBudget::of_process(), Kind::fixed, all);
      if (report.epoch == 3) other.reset();
    });
    CHECK(weights == alone);
    REQUIRE(threads.size() == 4);
    CHECK(threads[0] == threads[3]);
    CHECK(threads[0] <= all);
    CHECK(threads[0] > (all > 1 ? 1 : 0));
    CHECK(threads[1] == 1);
    CHECK(threads[2] == 1);
  }
}

TEST_CASE("a fit that was told its threads has them, whatever else runs") {
  const Share other(ThreadBudget::of_process(), Kind::fixed, many);
  train(make_rows(), 2, adam, [](const EpochReport& report) { CHECK(report.threads == 2); });
}

TEST_CASE("four fits at once have no more threads than processors, and the bits of one alone") {
  constexpr std::size_t count = 4;
  const Dataset data = make_rows();
  const auto alone = train(data, 1, adam, ignore);
  std::vector<std::vector<float>> weights(count);
  std::vector<std::vector<std::size_t>> threads(count);
  std::barrier together(count);
  {
    std::list<std::jthread> fits;
    for (std::size_t i = 0; i < count; ++i)
      fits.emplace_back([&, i] {
        weights[i] = train(data, 0, adam, [&](const EpochReport& report) {
          threads[i].push_back(report.threads);
          together.arrive_and_wait();  // all have begun, and none ends before the last epoch
        });
      });
  }
  for (std::size_t i = 0; i < count; ++i) CHECK(weights[i] == alone);
  for (std::size_t epoch = 1; epoch < 4; ++epoch) {
    std::size_t sum = 0;
    for (const auto& each : threads) sum += each.at(epoch);
    CHECK(sum <= std::max(count, available_processors()));
  }
}
