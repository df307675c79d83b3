#include "server/registry/life/make_evidence.h"

#include <algorithm>

namespace liveness::registry {

using core::Duration;
using core::MonoTime;

std::shared_ptr<core::Evidence> MakeEvidence(const Session& session, const SessionTable& table,
                                             const core::WitnessClock& witness, const common::Clock& clock,
                                             MonoTime now) {
  auto evidence = std::make_shared<core::Evidence>();
  const MonoTime last_heard = session.last_heard();
  evidence->gather_time = clock.Wall();
  evidence->host = table.NeighboursOf(*session.record());
  if (!session.is_local()) return evidence;  // a server that does not serve a client has heard nothing of it
  const SessionExtras* const extras = session.state().extras.get();
  if (extras != nullptr && extras->stream_end != core::StreamEnd::kNone) {
    evidence->stream_end = extras->stream_end;
    evidence->stream_ended_ago = now - extras->stream_ended_at;
  }
  evidence->silence = witness.Elapsed(last_heard, now);
  evidence->credited = std::max(Duration::zero(), now - last_heard - evidence->silence);
  evidence->last_sequence = session.last_sequence();
  evidence->missed = session.missed();
  if (extras == nullptr) return evidence;
  if (extras->look) {
    evidence->link = extras->look;
    evidence->link_age = std::max(Duration::zero(), now - extras->look->taken_at);
  }
  if (extras->board != nullptr) evidence->progress = extras->board->tokens();
  return evidence;
}

}  // namespace liveness::registry
