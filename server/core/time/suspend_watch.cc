#include "server/core/time/suspend_watch.h"

#include <algorithm>

namespace liveness::core {

using common::Duration;

Duration SuspendWatch::SleptUnseen(common::BootTime boot, common::MonoTime mono) const {
  if (!ahead_) return Duration::zero();
  const Duration slept = boot.time_since_epoch() - mono.time_since_epoch() - *ahead_;
  return slept <= kTolerance ? Duration::zero() : slept;
}

Duration SuspendWatch::Observe(common::BootTime boot, common::MonoTime mono) {
  const Duration slept = SleptUnseen(boot, mono);
  ahead_ = std::max(ahead_.value_or(Duration::min()), boot.time_since_epoch() - mono.time_since_epoch());
  if (slept == Duration::zero()) return slept;
  ++count_;
  total_ += slept;
  last_sleep_ = slept;
  resumed_at_ = mono;
  settled_at_ = std::max(settled_at_, mono + std::min(slept, longest_settling_));
  return slept;
}

}  // namespace liveness::core
