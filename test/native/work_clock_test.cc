#include "core/work_clock.h"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <numeric>
#include <thread>

#include "core/thread_team.h"

using gemmnet::Work;
using gemmnet::WorkSpan;
namespace work_clock = gemmnet::work_clock;

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point began) {
  return std::chrono::duration<double>(Clock::now() - began).count();
}

/// Keeps the thread busy for at least 3 ms, and says for how long it did.
double spin() {
  const auto began = Clock::now();
  while (seconds_since(began) < 0.003) {
  }
  return seconds_since(began);
}

double of(const work_clock::Seconds& seconds, Work work) {
  return seconds[static_cast<std::size_t>(work)];
}

double sum(const work_clock::Seconds& seconds) {
  return std::accumulate(seconds.begin(), seconds.end(), 0.0);
}

// Of the clock's ticks against its seconds.
constexpr double tolerance = 0.01;

}  // namespace

TEST_CASE("time within a span within a span counts once, as that of the inner one") {
  work_clock::start();
  const auto began = Clock::now();
  double outer = 0;
  double inner = 0;
  {
    const WorkSpan span(Work::optimizer);
    outer += spin();
    {
      const WorkSpan nested(Work::gemm);
      inner += spin();
    }
    outer += spin();
  }
  const double whole = seconds_since(began);
  const work_clock::Seconds seconds = work_clock::stop();
  CHECK(of(seconds, Work::gemm) >= inner * (1 - tolerance));
  CHECK(of(seconds, Work::optimizer) >= outer * (1 - tolerance));
  CHECK(sum(seconds) <= whole * (1 + tolerance));
  CHECK(of(seconds, Work::gather) == 0);
  CHECK(of(seconds, Work::waiting) == 0);
}

TEST_CASE("nothing counts that was begun while nobody measured, nor what lies between spans") {
  {
    const WorkSpan early(Work::gather);
    work_clock::start();
    spin();
  }
  spin();
  const work_clock::Seconds seconds = work_clock::stop();
  {
    const WorkSpan late(Work::gather);
    spin();
  }
  CHECK(sum(seconds) == 0);
  work_clock::start();
  CHECK(sum(work_clock::stop()) == 0);
}

TEST_CASE("work that goes on from one measuring to the next counts in neither") {
  work_clock::start();
  {
    const WorkSpan early(Work::gather);
    CHECK(sum(work_clock::stop()) == 0);
    spin();
    work_clock::start();
    const auto began = Clock::now();
    {
      const WorkSpan nested(Work::gemm);
      spin();
    }
    const double whole = seconds_since(began);
    const work_clock::Seconds seconds = work_clock::stop();
    CHECK(of(seconds, Work::gemm) > 0);
    CHECK(sum(seconds) <= whole * (1 + tolerance));
    work_clock::start();
    spin();
  }
  CHECK(sum(work_clock::stop()) == 0);
}

TEST_CASE("a team's threads account for all their time, that of waiting too") {
  work_clock::start();
  const auto began = Clock::now();
  double busy = 0;
  {
    const WorkSpan owner(Work::elementwise);
    gemmnet::ThreadTeam team(2);
    REQUIRE(team.size() == 2);
    // Both threads have a task, and then one of them nothing to do.
    std::atomic<int> arrived{0};
    team.run(2, [&](std::size_t task, std::size_t) {
      ++arrived;
      while (arrived < 2) std::this_thread::yield();
      if (task == 0) return;
      const WorkSpan span(Work::gemm);
      busy = spin();
    });
  }
  const double whole = seconds_since(began);
  const work_clock::Seconds seconds = work_clock::stop();
  CHECK(of(seconds, Work::gemm) >= busy * (1 - tolerance));
  CHECK(of(seconds, Work::waiting) > 0);
  CHECK(sum(seconds) >= busy);
  CHECK(sum(seconds) <= 2 * whole * (1 + tolerance));
}
