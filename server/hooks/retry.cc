#include "server/hooks/retry.h"

#include <algorithm>

namespace liveness::hooks {

std::optional<common::MonoTime> Retry::Failed(const Outcome& outcome, common::Duration retry_for,
                                              common::MonoTime now) {
  if (failures_++ == 0) first_failure_ = now;
  const common::MonoTime last = first_failure_ + retry_for;
  if (now >= last) return std::nullopt;
  const bool slowly = outcome.result == Result::kGone || outcome.result == Result::kMisplaced;
  const int doublings = std::min(failures_ - 1, 16);  // far beyond kLongest
  const common::Duration ceiling = slowly ? kLongest : std::min(kLongest, kFirst * (1 << doublings));
  common::Duration wait = ceiling - std::chrono::duration_cast<common::Duration>(ceiling / 2 * random_());
  if (outcome.retry_after) wait = std::max(wait, std::min(*outcome.retry_after, kMostAsked));
  return std::min(now + wait, last);
}

}  // namespace liveness::hooks
