#include "client/src/session/target_order.h"

#include <algorithm>

namespace liveness::internal {

using common::BootTime;

TargetOrder::TargetOrder(std::size_t targets) : held_until_(targets), left_(targets) {}

void TargetOrder::StartAt(std::size_t target) {
  next_ = target;
  leaving_.reset();
  NextRound();
}

void TargetOrder::Leave(std::size_t target) {
  StartAfter(target);
  leaving_ = target;
}

void TargetOrder::Hold(std::size_t target, BootTime until) {
  held_until_[target] = std::max(held_until_[target], until);
}

bool TargetOrder::PassedOver(std::size_t target) const {
  return leaving_ == target && held_until_.size() > 1;
}

std::optional<std::size_t> TargetOrder::Distance(BootTime now) const {
  for (std::size_t distance = 0; distance < left_; ++distance) {
    const std::size_t target = (next_ + distance) % held_until_.size();
    if (!PassedOver(target) && held_until_[target] <= now) return distance;
  }
  return std::nullopt;
}

bool TargetOrder::RoundGoesOn(BootTime now) const { return Distance(now).has_value(); }

std::optional<std::size_t> TargetOrder::Next(BootTime now) {
  const std::optional<std::size_t> distance = Distance(now);
  if (!distance) return std::nullopt;
  const std::size_t target = (next_ + *distance) % held_until_.size();
  next_ = (target + 1) % held_until_.size();
  left_ -= *distance + 1;
  return target;
}

BootTime TargetOrder::FreeAt() const {
  BootTime earliest = BootTime::max();
  for (std::size_t target = 0; target < held_until_.size(); ++target) {
    if (!PassedOver(target)) earliest = std::min(earliest, held_until_[target]);
  }
  return earliest;
}

}  // namespace liveness::internal
