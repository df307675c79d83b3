// How a session stands on the witness clock, and when its next turn is. See registry.h.
#include <algorithm>

#include "common/saturating.h"
#include "server/registry/records/effects.h"
#include "server/registry/records/flapping.h"
#include "server/registry/registry.h"

namespace liveness::registry {

using common::MutexLock;
using core::ClientRecord;
using core::MonoTime;
using core::State;

core::Watched Registry::AsWatched(const Session& session) const {
  const ClientRecord& record = *session.state().record;
  const MonoTime last_heard = session.last_heard();
  const SessionExtras* extras = session.state().extras.get();
  core::Duration timeout = record.timeout;
  if (extras != nullptr && extras->arrivals != nullptr) {
    timeout = std::min(timeout, extras->arrivals->DueAfter());
  }
  MonoTime suspect_since = extras == nullptr ? MonoTime() : extras->suspect_since;
  core::Duration grace = record.resume_grace;
  if (extras != nullptr && extras->orphaned) {
    suspect_since = std::max(suspect_since, store_health_.back_since());
    grace = common::SaturatingAdd(std::max(record.timeout, options_.restart_grace),
                                  roster_.TakeoverDelay(record));
  }
  MonoTime promised = MonoTime::min();
  // Of silence alone: what ends by itself is dead when it has not come back.
  if (extras != nullptr && extras->stream_end == core::StreamEnd::kNone && !extras->orphaned) {
    promised = extras->vouched_until;
    if (extras->arrivals != nullptr) promised = std::max(promised, extras->arrivals->vouched_until());
  }
  return {.state = record.state,
          .last_heard = last_heard,
          .suspect_since = suspect_since,
          .probed = session.state().probed_at > last_heard,
          .vouched_until = promised,
          .timing = {.interval = std::min(record.interval, timeout), .timeout = timeout},
          .grace = grace};
}

MonoTime Registry::VouchedUntil(const Session& session, MonoTime now) const {
  const core::Duration timeout = session.state().record->timeout;
  if (!core::IsLive(session.state().record->state)) return MonoTime::min();
  // What another server told it is not known, but how much at most.
  if (!session.is_local()) return common::SaturatingAdd(now, timeout);
  const SessionExtras* extras = session.state().extras.get();
  const MonoTime earlier = extras == nullptr ? MonoTime::min() : extras->vouched_until;
  if (extras == nullptr || extras->arrivals == nullptr) {
    return std::max(earlier, common::SaturatingAdd(session.last_heard(), timeout));
  }
  return std::max(earlier, extras->arrivals->vouched_until());
}

bool Registry::MayHaveClosedForOurSake(const Session& session, MonoTime now) const {
  if (session.state().extras != nullptr && now < session.state().extras->excused_until) return true;
  return witness_.StoodWithin(session.state().record->timeout, now) >=
         EnoughToGiveUp(*session.state().record);
}

core::Duration Registry::EnoughToGiveUp(const ClientRecord& record) {
  // A client gives a server up that is silent for its timeout, less the interval (and some lateness) that it
  // may have waited before: with a timeout of two intervals that is less than half of it.
  const core::Duration enough = std::min(record.timeout / 2, (record.timeout - record.interval) / 5 * 3);
  return std::max<core::Duration>(enough, 2 * core::WitnessClock::kTolerance);
}

MonoTime Registry::NextTurn(const Session& session, MonoTime now) const {
  const core::Assessment assessment = core::Assess(AsWatched(session), witness_.clock(), now);
  return assessment.due == core::Due::kNothing ? std::min(assessment.next, CalmAt(session, options_.flap))
                                               : now;
}

core::Vitals Registry::VitalsOf(const Session& session, MonoTime now) const {
  const ClientRecord& record = *session.state().record;
  core::Vitals vitals;
  vitals.last_heard = session.last_heard();
  if (record.state == State::kAlive && session.is_local()) {
    vitals.until_deadline = AsWatched(session).timing.timeout - witness_.Elapsed(vitals.last_heard, now);
  }
  vitals.rtt = session.rtt();
  vitals.keepalive = session.state().keepalive;
  if (const SessionExtras* extras = session.state().extras.get(); extras != nullptr) {
    if (extras->board != nullptr) vitals.progress = extras->board->tokens();
    vitals.mistakes = extras->mistakes;
    vitals.known_before = extras->known_before;
    vitals.detected_after = extras->detected_after;
    if (extras->arrivals != nullptr) {
      vitals.suspicion = extras->arrivals->Suspicion(witness_.Elapsed(vitals.last_heard, now));
    }
  }
  return vitals;
}

void Registry::Rearm(const std::shared_ptr<Session>& session) {
  Effects effects;
  {
    MutexLock lock(mu_);
    if (!table_.IsCurrent(*session) || !core::IsLive(session->state().record->state)) return;
    timers_.Arm(*session, NextTurn(*session, clock_.Mono()), effects);
  }
  CarryOut(effects);
}

}  // namespace liveness::registry
