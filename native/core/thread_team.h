#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <thread>
#include <vector>

namespace gemmnet {

/// While it lives, the thread takes subnormal numbers for zero: an optimizer's averages decay into
/// them, and arithmetic on them is some hundred times slower.
class FlushSubnormals {
 public:
  FlushSubnormals();
  ~FlushSubnormals();
  FlushSubnormals(const FlushSubnormals&) = delete;
  FlushSubnormals& operator=(const FlushSubnormals&) = delete;

 private:
  std::uint64_t before_;  // the control register
};

/// Threads that run numbered tasks together: the caller of `run` and `size - 1` workers of its own.
/// Which thread takes which task is left to chance; whoever wants equal bits makes the tasks, not
/// the threads, decide what is added to what.
///
/// A worker that finds nothing to do spins briefly, then sleeps, so that a step of microseconds
/// pays no wake-up and an idle or oversubscribed machine does not burn. All of them, the caller's
/// thread for as long as it owns the team, flush subnormals.
class ThreadTeam {
 public:
  /// Of `size` threads, or of as many as the system gives.
  explicit ThreadTeam(std::size_t size);
  ~ThreadTeam();
  ThreadTeam(const ThreadTeam&) = delete;
  ThreadTeam& operator=(const ThreadTeam&) = delete;

  [[nodiscard]] std::size_t size() const { return workers_.size() + 1; }

  /// Calls `task(index, thread)` once for each index in [0, count), thread in [0, size), and
  /// returns when all calls have returned. `task` must not throw. Only the owner's thread calls
  /// run.
  template <typename Task>
  void run(std::size_t count, const Task& task) {
    run({[](const void* context, std::size_t index, std::size_t thread) {
           (*static_cast<const Task*>(context))(index, thread);
         },
         &task, static_cast<std::uint32_t>(count)});
  }

 private:
  struct Job {
    void (*call)(const void* context, std::size_t index, std::size_t thread) = nullptr;
    const void* context = nullptr;
    std::uint32_t count = 0;
  };

  void run(Job job);
  bool add_worker(std::size_t thread);
  void work(std::size_t thread);
  bool take_one(std::size_t thread);

  Job job_;
  // High half: the number of the job. Low half: how many of its tasks nobody has taken. A worker
  // takes one by compare-and-swap of the whole, so a late one cannot take from the wrong job, and
  // job_ stays as it is for as long as a taken task is unfinished.
  alignas(64) std::atomic<std::uint64_t> tickets_{0};
  alignas(64) std::atomic<std::uint32_t> unfinished_{0};
  alignas(64) std::atomic<std::uint32_t> jobs_begun_{0};  // what sleeping workers wait on
  alignas(64) std::atomic<std::uint32_t> sleepers_{0};
  std::atomic<bool> closing_{false};
  std::uint32_t spins_;
  std::vector<std::thread> workers_;
  FlushSubnormals flush_;  // of the owner's thread
};

}  // namespace gemmnet
