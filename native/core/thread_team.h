#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <thread>
#include <vector>

#include "core/matrix.h"

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
/// Each thread begins with a share of its own, task 0 belonging to the first thread and the last
/// task to the last, so that it meets again what it left in its cache; what it finds untaken in the
/// end it takes from the others. So chance has a say in who runs a task: whoever wants equal bits
/// makes the tasks, not the threads, decide what is added to what.
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
    run(Job{each_of<Task>, &task, static_cast<std::uint32_t>(count), 1, {}});
  }
  /// The same for tasks of unequal cost: cost_before[i] is what all before task i cost together,
  /// and the last entry the cost of all. Shares cost the same, not counted.
  template <typename Task>
  void run(std::span<const std::size_t> cost_before, const Task& task) {
    run(Job{each_of<Task>, &task, static_cast<std::uint32_t>(cost_before.size() - 1), 1,
            cost_before});
  }
  /// Calls `task(indices)` for ranges of indices that together are [0, count): at first long ones,
  /// half of what a thread has left but no longer than `longest`, which shorten so that all threads
  /// end together; the last few at once.
  template <typename Task>
  void run_stretches(std::size_t count, std::size_t longest, const Task& task) {
    run(Job{[](const void* context, Range indices, std::size_t /*thread*/) {
              (*static_cast<const Task*>(context))(indices);
            },
            &task,
            static_cast<std::uint32_t>(count),
            static_cast<std::uint32_t>(longest),
            {}});
  }

 private:
  struct Job {
    void (*call)(const void* context, Range indices, std::size_t thread) = nullptr;
    const void* context = nullptr;
    std::uint32_t count = 0;
    std::uint32_t longest = 1;                 // stretch of tasks that are taken at once
    std::span<const std::size_t> cost_before;  // empty: all cost the same

    [[nodiscard]] std::size_t share_begin(std::size_t thread, std::size_t threads) const;
  };
  /// A thread's tasks that nobody has taken: [begin, end), begin in the high half. Its owner takes
  /// the first ones, others the last.
  struct alignas(64) Share {
    std::atomic<std::uint64_t> untaken{0};
  };

  template <typename Task>
  static void each_of(const void* context, Range indices, std::size_t thread) {
    for (std::size_t index = indices.begin; index < indices.end; ++index)
      (*static_cast<const Task*>(context))(index, thread);
  }

  void run(const Job& job);
  bool add_worker(std::size_t thread);
  void work(std::size_t thread);
  void take_all(std::size_t thread);
  std::uint32_t take(Share& share, bool first, std::size_t thread);

  // What a successful compare-and-swap of a share has taken is a task of the job that job_ is, and
  // that stays as it is until all its tasks are finished.
  Job job_;
  std::atomic<std::uint32_t> longest_{1};  // job_'s, for who has not yet taken anything of it
  std::size_t share_count_;                // that of the threads asked for
  std::unique_ptr<Share[]> shares_;
  alignas(64) std::atomic<std::uint32_t> unfinished_{0};
  alignas(64) std::atomic<std::uint32_t> jobs_begun_{0};  // what sleeping workers wait on
  alignas(64) std::atomic<std::uint32_t> sleepers_{0};
  std::atomic<bool> closing_{false};
  std::uint32_t spins_;
  std::vector<std::thread> workers_;
  FlushSubnormals flush_;  // of the owner's thread
};

}  // namespace gemmnet
