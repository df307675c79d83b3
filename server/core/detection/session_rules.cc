#include "server/core/detection/session_rules.h"

#include <algorithm>

namespace liveness::core {

Assessment Assess(const DetectorInput& input, const WitnessClock& witness, MonoTime now) {
  if (input.state == State::kSuspect) {
    const MonoTime death = std::max(witness.DueAt(input.suspect_since, input.grace), input.vouched_until);
    if (death <= now) return {Due::kDeath, MonoTime::max()};
    return {Due::kNothing, death};
  }
  const MonoTime deadline = witness.DueAt(input.last_heard, input.timing.timeout);
  if (deadline <= now) return {Due::kSuspicion, MonoTime::max()};
  if (input.probed) return {Due::kNothing, deadline};
  const Duration until_probe = ProbeMoment(MonoTime(), input.timing).time_since_epoch();
  const MonoTime probe = witness.DueAt(input.last_heard, until_probe);
  if (probe <= now) return {Due::kProbe, deadline};
  return {Due::kNothing, probe};
}

}  // namespace liveness::core
