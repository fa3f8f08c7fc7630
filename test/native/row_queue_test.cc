#include "core/row_queue.h"

#include <doctest/doctest.h>

#include <stdexcept>
#include <thread>

#include "core/row_stage.h"

using namespace gemmnet;

namespace {

/// Rows of one feature, whose values count from `first`, with as many labels.
Dataset numbers(std::size_t rows, float first) {
  auto data = std::make_shared<Rows>();
  auto features = std::make_shared<std::vector<float>>();
  for (std::size_t i = 0; i < rows; ++i) {
    features->push_back(first + static_cast<float>(i));
    data->labels.push_back(static_cast<std::int32_t>(first) + static_cast<std::int32_t>(i));
  }
  data->features = {ElementType::float32, features->data(), rows, 1, 1};
  data->features_owner = features;
  data->classes = 1000;
  return Dataset(data);
}

/// The first values of a block's rows.
std::vector<double> values(const RowBlock& block) {
  std::vector<double> list;
  for (std::size_t i = 0; i < block.size(); ++i) {
    const RowBlock::Row row = block.row(i);
    list.push_back(row.part.data.rows().features.value(row.place(), 0));
    CHECK(static_cast<double>(row.number()) == list.back());
  }
  return list;
}

std::vector<double> count(std::size_t begin, std::size_t end) {
  std::vector<double> list;
  for (std::size_t value = begin; value < end; ++value) list.push_back(static_cast<double>(value));
  return list;
}

}  // namespace

TEST_CASE("rows leave a queue in order, in other parts than they came in") {
  for (const std::size_t taken : {1, 3, 4, 10, 25}) {
    CAPTURE(taken);
    RowQueue queue(1000);
    std::size_t pushed = 0;
    for (const std::size_t rows : {1, 2, 3, 4, 5, 10}) {
      queue.push({numbers(rows, static_cast<float>(pushed)), {0, rows}, pushed});
      pushed += rows;
    }
    queue.end_epoch();
    for (std::size_t first = 0; first < pushed; first += taken) {
      RowBlock block;
      CHECK(queue.wait(taken, {}));
      CHECK(queue.take(taken, block));
      const std::size_t end = std::min(first + taken, pushed);
      CHECK(values(block) == count(first, end));
      CHECK(block.ends_epoch() == (end == pushed));
    }
  }
}

TEST_CASE("a part of a Dataset goes on its way alone") {
  RowQueue queue(1000);
  queue.push({numbers(10, 0).subset(std::vector<std::uint32_t>{9, 7, 5, 3}), {1, 3}, 70});
  queue.end_epoch();
  RowBlock block;
  queue.wait(5, {});
  CHECK(queue.take(5, block));
  REQUIRE(block.size() == 2);
  CHECK(block.row(0).place() == 7);
  CHECK(block.row(1).place() == 5);
  CHECK(block.row(1).number() == 71);
}

TEST_CASE("an end that comes after the last rows were taken is one without rows") {
  RowQueue queue(1000);
  queue.push({numbers(4, 0), {0, 4}, 0});
  RowBlock block;
  queue.wait(4, {});
  CHECK(queue.take(4, block));
  CHECK_FALSE(block.ends_epoch());
  queue.end_epoch();
  block.clear();
  queue.wait(4, {});
  CHECK(queue.take(4, block));
  CHECK(block.size() == 0);
  CHECK(block.ends_epoch());
}

TEST_CASE("a queue that was closed gives whole batches, and no more") {
  RowQueue queue(1000);
  queue.push({numbers(7, 0), {0, 7}, 0});
  queue.close();
  RowBlock block;
  queue.wait(4, {});
  CHECK(queue.take(4, block));
  queue.wait(4, {});
  CHECK_FALSE(queue.take(4, block));
}

TEST_CASE("a queue says when there is no room, and calls when there is") {
  RowQueue queue(10);
  int calls = 0;
  queue.when_room([&] { ++calls; });
  CHECK(queue.push({numbers(6, 0), {0, 6}, 0}));
  CHECK_FALSE(queue.push({numbers(6, 6), {0, 6}, 6}));
  RowBlock block;
  for (const std::size_t left : {9, 6}) {
    queue.wait(3, {});
    queue.take(3, block);
    CAPTURE(left);
    CHECK(calls == 0);  // not yet half of it
  }
  queue.wait(3, {});
  queue.take(3, block);
  CHECK(calls == 1);
  queue.wait(3, {});
  queue.take(3, block);
  CHECK(calls == 1);  // nobody was refused since
}

TEST_CASE("who wants more rows than there is room for gets them") {
  RowQueue queue(2);
  int calls = 0;
  queue.when_room([&] { ++calls; });
  CHECK_FALSE(queue.push({numbers(3, 0), {0, 3}, 0}));
  CHECK_FALSE(queue.wait(5, std::chrono::milliseconds(1)));
  CHECK(calls == 1);
  CHECK(queue.push({numbers(1, 3), {0, 1}, 3}));
  CHECK_FALSE(queue.push({numbers(1, 4), {0, 1}, 4}));
  CHECK(queue.wait(5, std::chrono::milliseconds(1)));
}

TEST_CASE("rows of another form are refused") {
  RowQueue queue(10);
  queue.push({numbers(3, 0), {0, 3}, 0});
  auto weighted = std::make_shared<Rows>(numbers(3, 3).rows());
  weighted->weights = {1, 1, 1};
  CHECK_THROWS_AS(queue.push({Dataset(weighted), {0, 3}, 3}), std::invalid_argument);
}

TEST_CASE("rows pass from thread to thread, and a stop wakes who waits for them") {
  constexpr std::size_t rows = 1000;
  RowQueue queue(16);
  std::mutex mutex;
  std::condition_variable changed;
  int calls = 0;
  queue.when_room([&] {
    const std::lock_guard lock(mutex);
    ++calls;
    changed.notify_one();
  });
  std::thread producer([&] {
    int refusals = 0;
    for (std::size_t first = 0; first < rows; first += 5) {
      if (queue.push({numbers(5, static_cast<float>(first)), {0, 5}, first})) continue;
      ++refusals;
      std::unique_lock lock(mutex);
      changed.wait(lock, [&] { return calls == refusals; });
    }
  });
  for (std::size_t first = 0; first < rows; first += 4) {
    RowBlock block;
    CHECK(queue.wait(4, {}));
    CHECK(queue.take(4, block));
    CHECK(values(block) == count(first, first + 4));
  }
  producer.join();
  std::thread stopper([&] { queue.stop(); });
  RowBlock block;
  CHECK(queue.wait(1, {}));
  CHECK_FALSE(queue.take(1, block));
  stopper.join();
}

TEST_CASE("rows of several data sets are staged as they would be gathered from one") {
  RowBlock block;
  block.add({numbers(10, 0), {2, 5}, 2});   // 2 3 4
  block.add({numbers(10, 10), {0, 1}, 5});  // 10
  block.add({numbers(10, 20), {7, 9}, 6});  // 27 28
  const std::vector<std::uint32_t> positions{5, 0, 3, 1, 2};
  const std::vector<double> wanted{28, 2, 10, 3, 4};
  ThreadTeam team(2);
  RowStage<double> stage;
  stage.begin(block);
  const Rows& rows = stage.gather(positions, team);
  REQUIRE(rows.features.rows == wanted.size());
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    CHECK(rows.features.value(i, 0) == wanted[i]);
    CHECK(rows.labels[i] == static_cast<int>(wanted[i]));
  }
  CHECK(rows.weights.empty());
  CHECK(stage.gather(std::vector<std::uint32_t>{4}, team).labels == std::vector<std::int32_t>{27});
}
