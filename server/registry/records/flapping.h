// The mark of a client that falls so often that alerts about it are better held back
// (core/fleet/flap_damping.h). REQUIRES, of all of it: the registry's lock.
#pragma once

#include "server/core/fleet/flap_damping.h"
#include "server/core/fleet/standing.h"
#include "server/core/record/record.h"
#include "server/registry/records/session.h"

namespace liveness::registry {

// Counts a fall from `before` (null: the client was not known) to `after`, and marks `after`.
inline void MarkFlapping(Session& session, const core::ClientRecord* before, core::ClientRecord& after,
                         core::MonoTime now, const core::FlapOptions& options) {
  if (after.state == core::State::kForgotten) return;  // the mark stays as it was
  if (core::IsFall(before, after)) session.state().MakeExtras().flap.Fell(now, options);
  const SessionExtras* extras = session.state().extras.get();
  after.flapping = extras != nullptr && extras->flap.IsFlapping(now, options);
}

// When the mark of a live client goes; MonoTime::max() if it has none.
inline core::MonoTime CalmAt(const Session& session, const core::FlapOptions& options) {
  // The next transition of a SUSPECT client is near, and a client that has ended changes no more.
  const core::ClientRecord& record = *session.record();
  if (!record.flapping || record.state != core::State::kAlive) return core::MonoTime::max();
  const SessionExtras* extras = session.state().extras.get();
  const core::MonoTime calm_at = extras == nullptr ? core::MonoTime::max() : extras->flap.ReuseAt(options);
  // A mark that this server did not set, because it is from before a restart or another server's, goes at
  // once: no penalty of it is here.
  return calm_at == core::MonoTime::max() ? core::MonoTime::min() : calm_at;
}

}  // namespace liveness::registry
