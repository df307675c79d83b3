// What happens to many at once, and to one again and again. See registry.h.
#include <algorithm>
#include <utility>

#include "common/strings.h"
#include "server/core/fleet/standing.h"
#include "server/registry/records/effects.h"
#include "server/registry/registry.h"

namespace liveness::registry {

using common::MutexLock;
using core::ClientRecord;
using core::MonoTime;
using core::SelfDoubt;
using core::State;

bool Registry::IsDeathHeld(Session& session, MonoTime now, Effects& effects) {
  const auto hold = falls_.HoldDeath(session, witness_.clock(), now, effects);
  if (!hold) return false;
  SessionState& state = session.state();
  if (hold->probe) {
    state.probed_at = now;
    effects.probes.push_back({state.stream, next_probe_++});
  }
  timers_.Arm(session, hold->until, effects);
  return true;
}

void Registry::CanaryAnswered(MonoTime sent_at, MonoTime answered_at) {
  MutexLock lock(mu_);
  falls_.CanaryAnswered(sent_at, answered_at);
}

}  // namespace liveness::registry
