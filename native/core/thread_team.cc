#include "core/thread_team.h"

#include <algorithm>
#include <system_error>

#include "core/processors.h"
#include "core/work_clock.h"

#if defined(__x86_64__) || defined(__i386__)
#include <immintrin.h>
#endif

namespace gemmnet {

namespace {

/// A stretch of tasks that is not worth halving: what is done at once is done faster.
constexpr std::uint64_t shortest_halved = 4;

/// Some 0.2 to 1 ms of waiting: waking a thread takes 40 us, and in steps of a few milliseconds one
/// is often 100 us ahead of the other.
constexpr std::uint32_t spins_before_sleep = 20'000;

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
    : share_count_(size),
      shares_(std::make_unique<Share[]>(size)),
      spins_(size <= available_processors() ? spins_before_sleep : 0) {
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

std::size_t ThreadTeam::Job::share_begin(std::size_t thread, std::size_t threads) const {
  if (thread == threads) return count;
  if (cost_before.empty()) return count * thread / threads;
  const std::size_t cost = cost_before.back() * thread / threads;
  const auto place = std::ranges::lower_bound(cost_before, cost);
  const auto index = static_cast<std::size_t>(place - cost_before.begin());
  // Whichever end of the task that lies across is nearer.
  return index > 0 && cost - cost_before[index - 1] < cost_before[index] - cost ? index - 1 : index;
}

void ThreadTeam::run(const Job& job) {
  if (workers_.empty() || job.count <= 1) {
    for (std::size_t begin = 0; begin < job.count; begin += job.longest)
      job.call(job.context, {begin, std::min<std::size_t>(begin + job.longest, job.count)}, 0);
    return;
  }
  job_ = job;
  longest_.store(job.longest, std::memory_order_relaxed);
  unfinished_.store(job.count, std::memory_order_relaxed);
  const std::size_t threads = size();
  std::uint64_t begin = 0;
  for (std::size_t thread = 0; thread < threads; ++thread) {
    const std::uint64_t end = job.share_begin(thread + 1, threads);
    shares_[thread].untaken.store(begin << 32 | end, std::memory_order_release);
    begin = end;
  }
  jobs_begun_.fetch_add(1);
  if (sleepers_.load() != 0) jobs_begun_.notify_all();

  take_all(0);
  const WorkSpan span(Work::waiting);
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

/// Runs tasks until none is untaken.
void ThreadTeam::take_all(std::size_t thread) {
  std::uint32_t finished = 0;
  for (std::size_t i = 0; i < share_count_; ++i) {
    Share& share = shares_[(thread + i) % share_count_];
    while (const std::uint32_t taken = take(share, i == 0, thread)) finished += taken;
  }
  if (finished == 0) return;
  if (unfinished_.fetch_sub(finished, std::memory_order_acq_rel) == finished)
    unfinished_.notify_one();
}

/// Takes and runs one task of a share, or a stretch of them; 0 if there was none.
std::uint32_t ThreadTeam::take(Share& share, bool first, std::size_t thread) {
  constexpr std::uint64_t low = 0xFFFFFFFF;
  constexpr int high = 32;
  std::uint64_t seen = share.untaken.load(std::memory_order_acquire);
  std::uint64_t taken = 0;
  do {
    const std::uint64_t untaken = (seen & low) - (seen >> high);
    if (untaken == 0) return 0;
    const std::uint64_t longest = longest_.load(std::memory_order_relaxed);
    taken = std::min(longest, untaken <= shortest_halved ? untaken : (untaken + 1) / 2);
  } while (!share.untaken.compare_exchange_weak(seen, first ? seen + (taken << high) : seen - taken,
                                                std::memory_order_acq_rel,
                                                std::memory_order_acquire));
  const std::uint64_t begin = first ? seen >> high : (seen & low) - taken;
  job_.call(job_.context, {begin, begin + taken}, thread);
  return static_cast<std::uint32_t>(taken);
}

void ThreadTeam::work(std::size_t thread) {
  const FlushSubnormals flush;
  const WorkSpan span(Work::elementwise);
  for (;;) {
    // In this order: the destructor sets closing_ before it counts on, so a count that hides its
    // wake-up shows closing_.
    const std::uint32_t begun = jobs_begun_.load();
    if (closing_.load()) return;
    take_all(thread);
    const WorkSpan waiting(Work::waiting);
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
