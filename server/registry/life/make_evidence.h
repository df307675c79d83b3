// What each layer last showed of a session's client.
#pragma once

#include <memory>

#include "common/clock.h"
#include "server/core/detection/evidence.h"
#include "server/core/time/witness_clock.h"
#include "server/registry/records/session.h"
#include "server/registry/records/session_table.h"

namespace liveness::registry {

// Never null; the reason and the confidence are the caller's to say. REQUIRES: the registry's lock.
std::shared_ptr<core::Evidence> MakeEvidence(const Session& session, const SessionTable& table,
                                             const core::WitnessClock& witness, const common::Clock& clock,
                                             core::MonoTime now);

}  // namespace liveness::registry
