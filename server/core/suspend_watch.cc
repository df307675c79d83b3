#include "server/core/suspend_watch.h"

#include <algorithm>

namespace liveness::core {

using common::Duration;

Duration SuspendWatch::Observe(common::BootTime boot, common::MonoTime mono) {
  const Duration ahead = boot.time_since_epoch() - mono.time_since_epoch();
  const bool first = ahead_ == Duration::min();
  const Duration slept = first ? Duration::zero() : ahead - ahead_;
  ahead_ = std::max(ahead_, ahead);
  if (slept <= kTolerance) return Duration::zero();
  ++count_;
  total_ += slept;
  last_sleep_ = slept;
  resumed_at_ = mono;
  settled_at_ = std::max(settled_at_, mono + std::min(slept, longest_settling_));
  return slept;
}

}  // namespace liveness::core
