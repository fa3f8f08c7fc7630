#include "core/thread_team.h"

#include <system_error>

#include "core/processors.h"

#if defined(__x86_64__) || defined(__i386__)
#include <immintrin.h>
#endif

namespace gemmnet {

namespace {

constexpr std::uint64_t untaken_mask = 0xFFFFFFFF;

/// About 20 to 60 microseconds of waiting, longer than the serial part between two phases.
constexpr std::uint32_t spins_before_sleep = 1000;

void pause() {
#if defined(__x86_64__) || defined(__i386__)
  _mm_pause();
#elif defined(__aarch64__)
  asm volatile("isb");
#endif
}

}  // namespace

#if defined(__x86_64__)

FlushSubnormals::FlushSubnormals() : before_(_mm_getcsr()) {
  constexpr unsigned flush_to_zero = 1U << 15;
  constexpr unsigned subnormals_are_zero = 1U << 6;
  _mm_setcsr(static_cast<unsigned>(before_) | flush_to_zero | subnormals_are_zero);
}
FlushSubnormals::~FlushSubnormals() { _mm_setcsr(static_cast<unsigned>(before_)); }

#elif defined(__aarch64__)

FlushSubnormals::FlushSubnormals() {
  asm volatile("mrs %0, fpcr" : "=r"(before_));
  constexpr std::uint64_t flush_to_zero = std::uint64_t{1} << 24;
  asm volatile("msr fpcr, %0" : : "r"(before_ | flush_to_zero));
}
FlushSubnormals::~FlushSubnormals() { asm volatile("msr fpcr, %0" : : "r"(before_)); }

#else

FlushSubnormals::FlushSubnormals() : before_(0) {}
FlushSubnormals::~FlushSubnormals() = default;

#endif

ThreadTeam::ThreadTeam(std::size_t size)
    : spins_(size <= available_processors() ? spins_before_sleep : 0) {
  workers_.reserve(size - 1);
  for (std::size_t thread = 1; thread < size; ++thread)
    if (!add_worker(thread)) return;
}

bool ThreadTeam::add_worker(std::size_t thread) {
  try {
    workers_.emplace_back([this, thread] { work(thread); });
    return true;
  } catch (const std::system_error&) {
    return false;  // the system gives no more: those that there are do the work
  }
}

ThreadTeam::~ThreadTeam() {
  closing_.store(true);
  jobs_begun_.fetch_add(1);
  jobs_begun_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

void ThreadTeam::run(Job job) {
  if (workers_.empty() || job.count <= 1) {
    for (std::size_t index = 0; index < job.count; ++index) job.call(job.context, index, 0);
    return;
  }
  job_ = job;
  unfinished_.store(job.count, std::memory_order_relaxed);
  const std::uint64_t number = (tickets_.load(std::memory_order_relaxed) >> 32) + 1;
  tickets_.store((number << 32) | job.count, std::memory_order_release);
  jobs_begun_.fetch_add(1);
  if (sleepers_.load() != 0) jobs_begun_.notify_all();

  while (take_one(0)) {
  }
  for (std::uint32_t spin = 0; spin < spins_; ++spin) {
    if (unfinished_.load(std::memory_order_acquire) == 0) return;
    pause();
  }
  for (;;) {
    const std::uint32_t left = unfinished_.load(std::memory_order_acquire);
    if (left == 0) return;
    unfinished_.wait(left, std::memory_order_acquire);
  }
}

bool ThreadTeam::take_one(std::size_t thread) {
  std::uint64_t seen = tickets_.load(std::memory_order_acquire);
  do {
    if ((seen & untaken_mask) == 0) return false;
  } while (!tickets_.compare_exchange_weak(seen, seen - 1, std::memory_order_acq_rel,
                                           std::memory_order_acquire));
  job_.call(job_.context, job_.count - (seen & untaken_mask), thread);
  if (unfinished_.fetch_sub(1, std::memory_order_acq_rel) == 1) unfinished_.notify_one();
  return true;
}

void ThreadTeam::work(std::size_t thread) {
  const FlushSubnormals flush;
  for (;;) {
    // In this order: the destructor sets closing_ before it counts on, so a count that hides its
    // wake-up shows closing_.
    const std::uint32_t begun = jobs_begun_.load();
    if (closing_.load()) return;
    while (take_one(thread)) {
    }
    std::uint32_t spin = 0;
    while (jobs_begun_.load(std::memory_order_acquire) == begun && spin < spins_) {
      pause();
      ++spin;
    }
    if (jobs_begun_.load() == begun) {
      sleepers_.fetch_add(1);
      jobs_begun_.wait(begun);
      sleepers_.fetch_sub(1);
    }
  }
}

}  // namespace gemmnet
