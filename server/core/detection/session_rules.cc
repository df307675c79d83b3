#include "server/core/detection/session_rules.h"

#include <algorithm>

namespace liveness::core {

Assessment Assess(const Watched& watched, const WitnessClock& witness, MonoTime now) {
  if (watched.state == State::kSuspect) {
    const MonoTime death =
        std::max(witness.DueAt(watched.suspect_since, watched.grace), watched.vouched_until);
    if (death <= now) return {Due::kDeath, MonoTime::max()};
    return {Due::kNothing, death};
  }
  const MonoTime deadline = witness.DueAt(watched.last_heard, watched.timing.timeout);
  if (deadline <= now) return {Due::kSuspicion, MonoTime::max()};
  if (watched.probed) return {Due::kNothing, deadline};
  const Duration until_probe = ProbeMoment(MonoTime(), watched.timing).time_since_epoch();
  const MonoTime probe = witness.DueAt(watched.last_heard, until_probe);
  if (probe <= now) return {Due::kProbe, deadline};
  return {Due::kNothing, probe};
}

}  // namespace liveness::core
