#include "core/thread_budget.h"

#include <algorithm>

#include "core/processors.h"

namespace gemmnet {

ThreadBudget& ThreadBudget::of_process() {
  static ThreadBudget budget(available_processors());
  return budget;
}

ThreadBudget::Share::Share(ThreadBudget& budget, Kind kind, std::size_t most)
    : budget_(budget), kind_(kind), most_(std::max<std::size_t>(most, 1)) {
  if (counts()) budget_.join(*this);
}

ThreadBudget::Share::~Share() {
  if (counts()) budget_.leave(*this);
}

void ThreadBudget::Share::rest() {
  if (counts()) budget_.leave(*this);
}

void ThreadBudget::Share::resume() {
  if (counts()) budget_.join(*this);
}

void ThreadBudget::join(Share& share) {
  const std::lock_guard lock(mutex_);
  shares_.push_back(&share);
  if (share.kind_ == Kind::passing) {
    deal(true);
    share.threads_.store(share.dealt_, std::memory_order_relaxed);
  } else {
    deal_to_lasting();
  }
}

void ThreadBudget::leave(Share& share) {
  const std::lock_guard lock(mutex_);
  std::erase(shares_, &share);
  if (share.kind_ != Kind::passing) deal_to_lasting();
}

void ThreadBudget::deal_to_lasting() {
  deal(false);
  for (Share* const share : shares_)
    if (share->kind_ != Kind::passing)
      share->threads_.store(share->dealt_, std::memory_order_relaxed);
}

/// Sets `dealt_` of all shares, or of all but the passing ones.
void ThreadBudget::deal(bool to_passing) {
  std::size_t used = 0;
  for (Share* const share : shares_) {
    if (share->kind_ == Kind::passing && !to_passing) continue;
    share->dealt_ = share->kind_ == Kind::fixed ? share->most_ : 1;
    used += share->dealt_;
  }
  for (bool dealt = true; dealt && used < processors_;) {
    dealt = false;
    for (Share* const share : shares_) {
      if (used == processors_) break;
      if (share->kind_ == Kind::passing && !to_passing) continue;
      if (share->dealt_ == share->most_) continue;
      ++share->dealt_;
      ++used;
      dealt = true;
    }
  }
}

}  // namespace gemmnet
