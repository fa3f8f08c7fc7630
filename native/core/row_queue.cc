#include "core/row_queue.h"

#include <algorithm>
#include <stdexcept>

namespace gemmnet {

void RowBlock::clear() {
  parts_.clear();
  ends_.clear();
  ends_epoch_ = false;
}

void RowBlock::add(RowStretch rows) {
  ends_.push_back(size() + rows.rows.size());
  parts_.push_back(std::move(rows));
}

RowBlock::Row RowBlock::row(std::size_t position) const {
  const auto index =
      static_cast<std::size_t>(std::ranges::upper_bound(ends_, position) - ends_.begin());
  return {parts_[index], position - (index == 0 ? 0 : ends_[index - 1])};
}

bool RowQueue::push(RowStretch rows) {
  const Rows& all = rows.data.rows();
  const Form form{all.features.columns, all.targets.columns, !all.labels.empty(),
                  !all.weights.empty()};
  const std::lock_guard lock(mutex_);
  if (form_.value_or(form) != form)
    throw std::invalid_argument("Expected all rows of a stream to be of the same form");
  form_ = form;
  if (rows.rows.size() != 0 && !stopped_) {
    rows_ += rows.rows.size();
    parts_.push_back(std::move(rows));
    if (is_ready()) changed_.notify_one();
  }
  refused_ = waiting_rows() >= std::max(most_, wanted_);
  return !refused_;
}

void RowQueue::end_epoch() {
  const std::lock_guard lock(mutex_);
  epoch_ends_.push_back(rows_);
  changed_.notify_one();
}

void RowQueue::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  changed_.notify_one();
}

void RowQueue::stop() {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  changed_.notify_one();
}

/// Calls for more where `push` has been told that there is no room, and now there is: not before
/// half of it is free, so that rows come some at a time. Unlocks.
void RowQueue::call_for_rows(std::unique_lock<std::mutex>& lock) {
  const bool calls = refused_ && (waiting_rows() <= most_ / 2 || waiting_rows() < wanted_);
  if (calls) refused_ = false;
  lock.unlock();
  if (calls) on_room_();
}

bool RowQueue::wait(std::size_t rows, std::optional<Time> longest) {
  std::unique_lock lock(mutex_);
  wanted_ = rows;
  call_for_rows(lock);
  lock.lock();
  const auto ready = [this] { return is_ready(); };
  if (longest) return changed_.wait_for(lock, *longest, ready);
  changed_.wait(lock, ready);
  return true;
}

bool RowQueue::take(std::size_t rows, RowBlock& block) {
  std::unique_lock lock(mutex_);
  const bool sees_end = !epoch_ends_.empty();
  std::size_t left = rows;
  if (sees_end) left = std::min<std::uint64_t>(rows, epoch_ends_.front() - taken_);
  if (stopped_ || waiting_rows() < left) return false;
  taken_ += left;
  if (sees_end && taken_ == epoch_ends_.front()) {
    epoch_ends_.pop_front();
    block.end_epoch();
  }
  while (left != 0) {
    RowStretch& part = parts_.front();
    const std::size_t size = std::min(left, part.rows.size());
    left -= size;
    if (size == part.rows.size()) {
      block.add(std::move(part));
      parts_.pop_front();
      continue;
    }
    block.add({part.data, {part.rows.begin, part.rows.begin + size}, part.first});
    part.rows.begin += size;
    part.first += size;
  }
  call_for_rows(lock);
  return true;
}

}  // namespace gemmnet
