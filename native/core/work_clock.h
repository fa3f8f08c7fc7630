#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace gemmnet {

/// What the threads of a fit spend their time with.
enum class Work : std::uint8_t {
  elementwise,  // activations, losses, and whatever else has no span of its own
  gemm,
  gather,     // drawing the order of the rows, and copying them in it
  optimizer,  // the update of the weights
  waiting,    // nothing to do
};
constexpr std::array<const char*, 5> work_names{"elementwise", "gemm", "gather", "optimizer",
                                                "waiting"};
constexpr std::size_t work_kinds = work_names.size();

namespace work_clock {

/// Seconds of all threads together, by kind of work. Over those of one fit they add up to threads
/// times seconds.
using Seconds = std::array<double, work_kinds>;

/// Measures from now on, in the whole process, whatever is begun after this.
void start();
/// Measures no longer. Returns what was spent since `start`, without work that is still going on.
Seconds stop();

/// Whether it measures: rarely, for it costs some 50 ns for each span. Written by `start` and
/// `stop`.
inline std::atomic<bool> is_on{false};

}  // namespace work_clock

/// While it lives, the thread's time counts as `work`, but for that of spans within it. Free where
/// nobody measures.
class WorkSpan {
 public:
  explicit WorkSpan(Work work) : measured_(work_clock::is_on.load(std::memory_order_acquire)) {
    if (measured_) begin(work);
  }
  ~WorkSpan() {
    if (measured_) end();
  }
  WorkSpan(const WorkSpan&) = delete;
  WorkSpan& operator=(const WorkSpan&) = delete;

 private:
  void begin(Work work);
  void end() const;

  bool measured_;
  bool is_outermost_ = false;
  Work outer_ = Work::elementwise;
};

}  // namespace gemmnet
