// The streams of a session: the one that it is bound to, and those that wait beside it (standbys.h).
// REQUIRES, of all of it: the registry's lock.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "server/core/record/record.h"
#include "server/registry/records/effects.h"
#include "server/registry/records/session.h"

namespace liveness::registry {

// A number that no stream of the session has had on this server, whichever servers had the session meanwhile.
std::uint64_t NextAttachment(const Session& session);

// The streams that wait beside the session's own end with `why`.
void EndStandbys(Session& session, const absl::Status& why, Effects& effects);
// All streams of the session end with `why`.
void EndStreams(Session& session, const absl::Status& why, Effects& effects);
// All streams of the session end with `why`, and the session is no longer this server's. `known`: the
// attachment that the other servers know of.
void LoseStreams(Session& session, std::uint64_t known, const absl::Status& why, Effects& effects);

// Why the streams of a session end: another server has made `theirs` of its record, which was `ours`.
absl::Status WhyLost(const core::ClientRecord& ours, const core::ClientRecord& theirs);

}  // namespace liveness::registry
