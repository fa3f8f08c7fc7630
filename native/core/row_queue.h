#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <vector>

#include "core/dataset.h"

namespace gemmnet {

/// Rows of a view that follow one another.
struct RowStretch {
  Dataset data;
  Range rows;               // positions in the view
  std::uint64_t first = 0;  // what the first of them is called: its number in a stream
};

/// Rows that are in memory together: what an order is drawn over.
class RowBlock {
 public:
  void clear();
  void add(RowStretch rows);
  void end_epoch() { ends_epoch_ = true; }

  [[nodiscard]] std::size_t size() const { return ends_.empty() ? 0 : ends_.back(); }
  [[nodiscard]] const std::vector<RowStretch>& parts() const { return parts_; }
  /// Whether these are the last rows of their epoch.
  [[nodiscard]] bool ends_epoch() const { return ends_epoch_; }

  /// A row of the block: the part that it is in, and its position there.
  struct Row {
    const RowStretch& part;
    std::size_t position;

    [[nodiscard]] std::uint32_t place() const {
      return part.data.place(part.rows.begin + position);
    }
    [[nodiscard]] std::uint64_t number() const { return part.first + position; }
  };
  [[nodiscard]] Row row(std::size_t position) const;

 private:
  std::vector<RowStretch> parts_;
  std::vector<std::size_t> ends_;  // of each part, in the block
  bool ends_epoch_ = false;
};

/// The rows of a stream on their way from the thread that has them to the one that trains on them,
/// in order, cut anew: whoever takes them does not see in what parts they came.
class RowQueue {
 public:
  /// At `most` rows there is no room for more, unless whoever takes wants more than that at once.
  explicit RowQueue(std::size_t most) : most_(most) {}
  /// Has a function called, on the thread that takes, when there is room again after `push` has
  /// said that there was none. Before anything else.
  void when_room(std::function<void()> function) { on_room_ = std::move(function); }

  /// Adds rows, which are to be of the same form as the first ones: labels or as many targets, with
  /// or without weights. False if there is no room for more. Throws std::invalid_argument.
  bool push(RowStretch rows);
  /// Nothing more comes in this epoch.
  void end_epoch();
  /// Nothing more comes at all; what is there can still be taken.
  void close();
  /// Nothing is taken any more. From any thread.
  void stop();

  using Time = std::chrono::steady_clock::duration;
  /// Waits until `rows` rows are there, or the end of the epoch, or of the stream; false if it took
  /// longer than `longest`.
  bool wait(std::size_t rows, std::optional<Time> longest);
  /// Adds `rows` rows to the block, or all that the epoch has left, which may be none. False if the
  /// stream ended before its epoch, or was stopped. After `wait`.
  bool take(std::size_t rows, RowBlock& block);

 private:
  struct Form {
    std::size_t features;
    std::size_t targets;
    bool labels;
    bool weights;
    bool operator==(const Form&) const = default;
  };

  [[nodiscard]] std::size_t waiting_rows() const { return rows_ - taken_; }
  [[nodiscard]] bool is_ready() const {
    return stopped_ || closed_ || !epoch_ends_.empty() || waiting_rows() >= wanted_;
  }
  void call_for_rows(std::unique_lock<std::mutex>& lock);

  const std::size_t most_;
  std::function<void()> on_room_ = [] {};

  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::optional<Form> form_;
  std::deque<RowStretch> parts_;
  // Rows since the beginning:
  std::uint64_t rows_ = 0;                // that came
  std::uint64_t taken_ = 0;               // that went
  std::deque<std::uint64_t> epoch_ends_;  // at which epochs end, of those that have not been taken
  std::size_t wanted_ = 0;
  bool refused_ = false;  // `push` has said that there is no room, and nobody has called since
  bool closed_ = false;
  bool stopped_ = false;
};

}  // namespace gemmnet
