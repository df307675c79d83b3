#include "server/core/fleet/fall_counts.h"

#include <algorithm>

namespace liveness::core {

std::vector<FallCounts::Falls>::iterator FallCounts::Find(common::MonoTime slot) {
  return std::lower_bound(slots_.begin() + static_cast<std::ptrdiff_t>(first_), slots_.end(), slot,
                          [](const Falls& each, common::MonoTime at) { return each.slot < at; });
}

void FallCounts::Add(common::MonoTime slot, bool gone) {
  if (slot <= expired_until_) return;
  auto at = slots_.end();
  if (!slots_.empty() && first_ < slots_.size() && slots_.back().slot >= slot) at = Find(slot);
  if (at == slots_.end() || at->slot != slot) at = slots_.insert(at, Falls{slot});
  ++at->fallen;
  ++fallen_;
  if (!gone) return;
  ++at->gone;
  ++gone_;
}

void FallCounts::Remove(common::MonoTime slot, bool gone) {
  if (slot <= expired_until_) return;
  const auto at = Find(slot);
  --at->fallen;
  --fallen_;
  if (!gone) return;
  --at->gone;
  --gone_;
}

void FallCounts::ExpireUntil(common::MonoTime last) {
  expired_until_ = std::max(expired_until_, last);
  for (; first_ < slots_.size() && slots_[first_].slot <= last; ++first_) {
    fallen_ -= slots_[first_].fallen;
    gone_ -= slots_[first_].gone;
  }
  // Seldom enough that each slot is moved once on average.
  if (2 * first_ < slots_.size()) return;
  slots_.erase(slots_.begin(), slots_.begin() + static_cast<std::ptrdiff_t>(first_));
  first_ = 0;
}

}  // namespace liveness::core
