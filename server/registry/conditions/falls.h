// Who falls together: mass failures to be told as one (core/fleet/mass_failure.h), and deaths that wait
// because so many fell that this server doubts itself (core/fleet/self_doubt.h).
//
// Not thread-safe: guarded by the registry's lock.
#pragma once

#include <cstdint>
#include <optional>

#include "server/core/fleet/mass_failure.h"
#include "server/core/fleet/self_doubt.h"
#include "server/core/record/record.h"
#include "server/core/time/witness_clock.h"
#include "server/registry/records/effects.h"
#include "server/registry/records/types.h"

namespace liveness::registry {

class Falls {
 public:
  explicit Falls(const RegistryOptions& options);

  // `after`, on `before` (null: the client was not known), is committed. Returns the group events that this
  // change completes, to be told with the change; null for most.
  core::GroupEventsPtr Count(const core::ClientRecord* before, const core::ClientRecord& after,
                             core::WallTime wall, core::MonoTime now, Effects& effects);

  // A suspect's death is due. Returns nothing if the death may be told; else when to ask again, and whether
  // to probe the client now.
  std::optional<core::SelfDoubt::Hold> HoldDeath(Session& session, const core::WitnessClock& witness,
                                                 core::MonoTime now, Effects& effects);

  // What the canary sent at `sent_at` was answered: we do hear what reaches us.
  void CanaryAnswered(core::MonoTime sent_at, core::MonoTime answered_at) {
    self_doubt_.CanaryAnswered(sent_at, answered_at);
  }

  std::int64_t event_count() const { return mass_.event_count(); }
  std::int64_t doubt_count() const { return self_doubt_.episode_count(); }
  bool doubting() const { return self_doubt_.doubting(); }
  std::int64_t held_deaths() const { return held_deaths_; }

 private:
  void CountDoubt(core::MonoTime now, Effects& effects);

  core::MassFailure mass_;
  core::SelfDoubt self_doubt_;
  std::int64_t held_deaths_ = 0;  // that waited because this server doubted itself
};

}  // namespace liveness::registry
