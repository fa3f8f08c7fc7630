#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

namespace gemmnet {

/// Divides the processors among what runs at once, so that several fits together do not have more
/// busy threads than one. From any thread.
///
/// Whoever was told a number of threads uses that many; the processors that this leaves are dealt
/// out one by one, in the order of coming, to those that have use for more, and each gets at least
/// one thread. Results do not depend on the number of threads, so shares may change at any time;
/// it is for their owners to look.
class ThreadBudget {
 public:
  explicit ThreadBudget(std::size_t processors) : processors_(processors) {}
  ThreadBudget(const ThreadBudget&) = delete;
  ThreadBudget& operator=(const ThreadBudget&) = delete;

  /// That of all fits of this process, whichever JavaScript thread they come from.
  static ThreadBudget& of_process();

  enum class Kind : std::uint8_t {
    fixed,    // uses all the threads it asks for
    lasting,  // changes with what else comes and goes
    passing   // keeps its first share, and those that last do not shrink for it
  };

  /// The part of one piece of work, from its beginning to its end.
  class Share {
   public:
    /// `most`: what the work has use for. `budget` must outlive it.
    Share(ThreadBudget& budget, Kind kind, std::size_t most);
    ~Share();
    Share(const Share&) = delete;
    Share& operator=(const Share&) = delete;

    /// Threads to run on, in [1, most()]. Costs nothing.
    [[nodiscard]] std::size_t threads() const { return threads_.load(std::memory_order_relaxed); }
    [[nodiscard]] std::size_t most() const { return most_; }

    /// Leaves the processors to others while the work waits for something, until `resume`.
    void rest();
    void resume();

   private:
    friend class ThreadBudget;
    /// The prediction of a row is over before anybody would have looked at it.
    [[nodiscard]] bool counts() const { return kind_ != Kind::passing || most_ > 1; }

    ThreadBudget& budget_;
    const Kind kind_;
    const std::size_t most_;
    std::size_t dealt_ = 0;  // guarded by the budget's mutex
    std::atomic<std::size_t> threads_{1};
  };

 private:
  void join(Share& share);
  void leave(Share& share);
  void deal(bool to_passing);
  void deal_to_lasting();

  const std::size_t processors_;
  std::mutex mutex_;  // guards what follows
  std::vector<Share*> shares_;
};

}  // namespace gemmnet
