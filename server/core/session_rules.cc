#include "server/core/session_rules.h"

namespace liveness::core {

Assessment Assess(const Watched& watched, const WitnessClock& witness, MonoTime now) {
  if (watched.state == State::kSuspect) {
    const MonoTime death = witness.DueAt(watched.suspect_since, watched.grace);
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
