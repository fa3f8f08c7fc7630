#include "core/thread_team.h"

#include <doctest/doctest.h>

#include <atomic>
#include <cfloat>
#include <chrono>
#include <thread>
#include <vector>

using gemmnet::ThreadTeam;

TEST_CASE("each task runs once, at any size of team and number of tasks") {
  for (const std::size_t size : {1, 2, 3, 8}) {
    ThreadTeam team(size);
    for (int round = 0; round < 300; ++round) {
      for (const std::size_t count : {0, 1, 2, 3, 5, 17}) {
        std::vector<std::atomic<int>> runs(count);
        std::atomic<bool> thread_in_range{true};
        team.run(count, [&](std::size_t index, std::size_t thread) {
          ++runs[index];
          if (thread >= size) thread_in_range = false;
        });
        for (const auto& run : runs) REQUIRE(run.load() == 1);
        REQUIRE(thread_in_range.load());
      }
    }
  }
}

TEST_CASE("stretches and tasks of unequal cost run once each, too") {
  for (const std::size_t size : {1, 2, 3, 8}) {
    ThreadTeam team(size);
    for (int round = 0; round < 300; ++round) {
      for (const std::size_t count : {0, 1, 2, 5, 64, 100}) {
        std::vector<std::atomic<int>> runs(count);
        const std::size_t longest = 1 + static_cast<std::size_t>(round) % 70;
        team.run_stretches(count, longest, [&](gemmnet::Range indices) {
          if (indices.size() > longest) ++runs[indices.begin];
          for (std::size_t i = indices.begin; i < indices.end; ++i) ++runs[i];
        });
        std::vector<std::size_t> cost_before{0};
        for (std::size_t i = 0; i < count; ++i)
          cost_before.push_back(cost_before.back() + (i == 0 ? 1000 : i % 3));
        team.run(std::span<const std::size_t>(cost_before),
                 [&](std::size_t index, std::size_t) { ++runs[index]; });
        for (const auto& run : runs) REQUIRE(run.load() == 2);
      }
    }
  }
}

TEST_CASE("what tasks wrote is there when run returns") {
  ThreadTeam team(4);
  std::vector<std::size_t> values(64);
  for (std::size_t round = 0; round < 2000; ++round) {
    team.run(values.size(), [&](std::size_t index, std::size_t) { values[index] = round + index; });
    std::size_t sum = 0;
    for (const std::size_t value : values) sum += value;
    REQUIRE(sum == 64 * round + 64 * 63 / 2);
  }
}

TEST_CASE("teams are made and unmade without work, and with workers asleep") {
  for (int round = 0; round < 200; ++round) ThreadTeam(3);
  ThreadTeam team(3);
  std::atomic<int> runs{0};
  for (int round = 0; round < 5; ++round) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));  // long enough for them to sleep
    team.run(10, [&](std::size_t, std::size_t) { ++runs; });
  }
  CHECK(runs.load() == 50);
}

TEST_CASE("a team flushes subnormals on all its threads, and its owner's mode comes back") {
  volatile double smallest = DBL_MIN;
  CHECK(smallest / 2 != 0);
  {
    ThreadTeam team(2);
    std::atomic<int> zeros{0};
    team.run(8, [&](std::size_t, std::size_t) {
      if (smallest / 2 == 0) ++zeros;
    });
#if defined(__x86_64__) || defined(__aarch64__)
    CHECK(zeros.load() == 8);
#endif
  }
  CHECK(smallest / 2 != 0);
}
