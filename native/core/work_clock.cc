#include "core/work_clock.h"

#include <algorithm>
#include <chrono>
#include <mutex>

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

namespace gemmnet {

namespace {

using Clock = std::chrono::steady_clock;

/// Cheaper than the clock, and as steady on every processor that has AVX2; ticks of unknown length.
std::uint64_t ticks() {
#if defined(__x86_64__)
  return __rdtsc();
#else
  return static_cast<std::uint64_t>(Clock::now().time_since_epoch().count());
#endif
}

/// The ticks that a thread has spent; on cache lines of its own.
struct alignas(64) Spent {
  std::array<std::atomic<std::uint64_t>, work_kinds> ticks{};
};

// They only grow. More threads than this share them, and get slower, not wrong.
std::array<Spent, 128> spent_by_threads;
std::atomic<std::size_t> threads_seen{0};

struct Measuring {
  std::array<std::uint64_t, work_kinds> spent{};
  std::uint64_t ticks = 0;
  Clock::time_point time;
};
Measuring started;
std::mutex started_mutex;
std::atomic<std::uint64_t> measurings{0};  // begun so far

/// What this thread does, and since when.
struct Current {
  Spent& spent = spent_by_threads[threads_seen.fetch_add(1, std::memory_order_relaxed) %
                                  spent_by_threads.size()];
  std::uint64_t since = 0;
  std::uint64_t measuring = 0;  // in which it was begun
  Work work = Work::elementwise;
  bool any = false;

  /// Whether the time until now is to be counted. What is left of an earlier measuring is not:
  /// between the two nobody looked what the thread did.
  [[nodiscard]] bool counts() const {
    return any && measuring == measurings.load(std::memory_order_relaxed);
  }

  /// Counts the time until now as that of the work, and begins with another.
  void turn_to(Work next) {
    const std::uint64_t now = ticks();
    if (counts())
      spent.ticks[static_cast<std::size_t>(work)].fetch_add(now - since, std::memory_order_relaxed);
    since = now;
    work = next;
  }
};
thread_local Current current;

Measuring now() {
  Measuring measuring;
  for (const Spent& spent : spent_by_threads)
    for (std::size_t kind = 0; kind < work_kinds; ++kind)
      measuring.spent[kind] += spent.ticks[kind].load(std::memory_order_relaxed);
  measuring.ticks = ticks();
  measuring.time = Clock::now();
  return measuring;
}

}  // namespace

namespace work_clock {

void start() {
  const std::lock_guard lock(started_mutex);
  started = now();
  measurings.fetch_add(1);
  is_on.store(true);
}

Seconds stop() {
  const std::lock_guard lock(started_mutex);
  is_on.store(false);
  const Measuring ended = now();
  const double seconds = std::chrono::duration<double>(ended.time - started.time).count();
  const std::uint64_t passed = std::max<std::uint64_t>(1, ended.ticks - started.ticks);
  const double length = seconds / static_cast<double>(passed);
  Seconds result{};
  for (std::size_t kind = 0; kind < work_kinds; ++kind)
    result[kind] = length * static_cast<double>(ended.spent[kind] - started.spent[kind]);
  started = ended;
  return result;
}

}  // namespace work_clock

void WorkSpan::begin(Work work) {
  outer_ = current.work;
  is_outermost_ = !current.counts();
  current.turn_to(work);
  current.any = true;
  current.measuring = measurings.load(std::memory_order_relaxed);
}

void WorkSpan::end() const {
  current.turn_to(outer_);
  if (is_outermost_) current.any = false;
}

}  // namespace gemmnet
