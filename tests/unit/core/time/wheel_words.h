// A few words for the tests of the wheel. Header only.
#pragma once

#include <vector>

#include "server/core/time/deadline_wheel.h"

namespace liveness::core {

inline common::MonoTime At(common::Duration since_start) { return common::MonoTime(since_start); }

// What comes due until `now`, in order.
inline std::vector<const WheelNode*> Due(DeadlineWheel& wheel, common::MonoTime now) {
  std::vector<const WheelNode*> due;
  wheel.AdvanceTo(now, [&](WheelNode& node) { due.push_back(&node); });
  return due;
}

}  // namespace liveness::core
