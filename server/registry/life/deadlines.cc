#include "server/registry/life/deadlines.h"

#include <algorithm>
#include <chrono>

#include "common/saturating.h"
#include "server/registry/records/flapping.h"

namespace liveness::registry {

using core::ClientRecord;
using core::Duration;
using core::MonoTime;
using core::State;

namespace {

// For how long after a start the wall clock's word alone is not enough to forget a client.
constexpr Duration kBelieveWallAfter = std::chrono::hours(1);

}  // namespace

Deadlines::Deadlines(const RegistryOptions& options, const common::Clock& clock, const Conditions& conditions)
    : options_(options),
      clock_(clock),
      witness_(conditions.witness),
      store_health_(conditions.store_health),
      roster_(conditions.roster),
      began_at_(clock.Mono()) {}

core::DetectorInput Deadlines::InputOf(const Session& session) const {
  const ClientRecord& record = *session.record();
  const MonoTime last_heard = session.last_heard();
  const SessionExtras* extras = session.state().extras.get();
  Duration timeout = record.timeout;
  if (extras != nullptr && extras->arrivals != nullptr) {
    timeout = std::min(timeout, extras->arrivals->DueAfter());
  }
  MonoTime suspect_since = extras == nullptr ? MonoTime() : extras->suspect_since;
  Duration grace = record.resume_grace;
  if (extras != nullptr && extras->orphaned) {
    suspect_since = std::max(suspect_since, store_health_.back_since());
    grace = common::SaturatingAdd(std::max(record.timeout, options_.restart_grace),
                                  roster_.TakeoverDelay(record));
  }
  MonoTime promised = MonoTime::min();
  // A promise holds for silence alone: a client whose stream has ended is dead if it does not come back in
  // its grace.
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

MonoTime Deadlines::NextCheck(const Session& session, MonoTime now) const {
  const core::Assessment assessment = core::Assess(InputOf(session), witness_.witness_clock(), now);
  if (assessment.due != core::Due::kNothing) return now;
  return std::min(assessment.next, CalmAt(session, options_.flap));
}

MonoTime Deadlines::ForgetAt(const ClientRecord& record) const {
  const Duration keep = record.state == State::kLeft ? options_.keep_left : options_.keep_dead;
  const Duration kept =
      std::clamp<Duration>(common::SaturatingSub(clock_.Wall(), record.state_time), Duration::zero(), keep);
  const Duration turn =
      roster_.IsOurs(record) ? Duration::zero() : Roster::kTurn + roster_.TakeoverDelay(record);
  // A wall clock that was wrong when this server started must not have all dead clients forgotten at once.
  const Duration ran = clock_.Mono() - began_at_;
  const Duration left =
      std::max({keep - kept, std::min<Duration>(keep, kBelieveWallAfter) - ran, Duration::zero()});
  return common::SaturatingAdd(common::SaturatingAdd(clock_.Mono(), left), turn);
}

MonoTime Deadlines::VouchedUntil(const Session& session, MonoTime now) const {
  const Duration timeout = session.record()->timeout;
  // What another server promised the client is not known, but it was no more than the timeout.
  if (!session.is_local()) return common::SaturatingAdd(now, timeout);
  const SessionExtras* extras = session.state().extras.get();
  const MonoTime earlier = extras == nullptr ? MonoTime::min() : extras->vouched_until;
  if (extras == nullptr || extras->arrivals == nullptr) {
    return std::max(earlier, common::SaturatingAdd(session.last_heard(), timeout));
  }
  return std::max(earlier, extras->arrivals->vouched_until());
}

bool Deadlines::MayHaveClosedForOurSake(const Session& session, MonoTime closed_at) const {
  const SessionExtras* extras = session.state().extras.get();
  if (extras != nullptr && closed_at < extras->excused_until) return true;
  const ClientRecord& record = *session.record();
  return MayGiveUpAfter(witness_.StoodWithin(record.timeout, closed_at), record);
}

bool Deadlines::MayGiveUpAfter(Duration silence, const ClientRecord& record) {
  // A client gives a server up that is silent for the client's timeout, less the interval (and some lateness)
  // that the client may have waited before. With a timeout of two intervals that is less than half of the
  // timeout.
  const Duration enough = std::min(record.timeout / 2, (record.timeout - record.interval) / 5 * 3);
  return silence >= std::max<Duration>(enough, 2 * core::WitnessClock::kTolerance);
}

core::Vitals Deadlines::VitalsOf(const Session& session, MonoTime now) const {
  const ClientRecord& record = *session.record();
  core::Vitals vitals;
  // Of one that nobody serves the session has the moment from which on that is so.
  const bool heard = session.state().extras == nullptr || !session.state().extras->orphaned;
  if (heard) vitals.last_heard = session.last_heard();
  if (record.state == State::kAlive && session.is_local()) {
    vitals.until_deadline = InputOf(session).timing.timeout - witness_.Elapsed(vitals.last_heard, now);
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

}  // namespace liveness::registry
