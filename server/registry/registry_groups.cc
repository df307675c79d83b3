// What happens to many at once, and to one again and again. See registry.h.
#include <algorithm>
#include <utility>

#include "common/strings.h"
#include "server/core/fleet/standing.h"
#include "server/registry/records/effects.h"
#include "server/registry/registry.h"

namespace liveness::registry {
namespace {

constexpr auto kCommitWait = std::chrono::milliseconds(100);
constexpr auto kCommitPoll = std::chrono::milliseconds(1);

}  // namespace

using common::MutexLock;
using core::ClientRecord;
using core::MonoTime;
using core::SelfDoubt;
using core::State;

core::GroupEventsPtr Registry::CountFalls(const ClientRecord* before, const ClientRecord& after,
                                          core::WallTime wall, MonoTime now, Effects& effects) {
  core::GroupEvents events = mass_.Changed(before, after, now);
  CountDoubt(now, effects);
  if (events.empty()) return nullptr;
  for (core::GroupEvent& event : events) {
    event.revision = after.revision;
    event.time = wall;
  }
  return std::make_shared<const core::GroupEvents>(std::move(events));
}

void Registry::CountDoubt(MonoTime now, Effects& effects) {
  const core::MassFailure::Tally everyone = mass_.Everyone(now);
  switch (self_doubt_.Count(everyone.fallen, everyone.members, now)) {
    case SelfDoubt::Turn::kNone: return;
    case SelfDoubt::Turn::kBegins:
      effects.notices.push_back(common::StrCat(
          everyone.fallen, " of ", everyone.members,
          " clients fell together: this server doubts itself, and deaths wait for a sign that it hears"));
      effects.witness.push_back({WitnessEvent::Kind::kSelfDoubtBegan,
                                 {},
                                 common::StrCat(everyone.fallen, " of ", everyone.members, " clients fell")});
      return;
    case SelfDoubt::Turn::kEnds:
      effects.notices.push_back(common::StrCat("this server no longer doubts itself; ", everyone.fallen,
                                               " of ", everyone.members, " clients have fallen lately, ",
                                               held_deaths_, " deaths have waited since its start"));
      effects.witness.push_back({WitnessEvent::Kind::kSelfDoubtEnded, {}, ""});
      return;
  }
}

bool Registry::IsDeathHeld(Session& session, MonoTime now, Effects& effects) {
  SessionState& cold = session.state();
  SessionExtras& extras = cold.MakeExtras();
  // A fall counts once it is committed: without a grace its death would overtake the event that it completes.
  if (session.is_pending() && now < extras.suspect_since + kCommitWait) {
    Arm(session, now + kCommitPoll, effects);
    return true;
  }
  if (const auto until = mass_.HoldUntil(*cold.record, extras.suspect_since, now)) {
    Arm(session, *until, effects);
    return true;
  }
  CountDoubt(now, effects);
  // By its own end, as the verdict has it: what our keepalive or our kernel cut says nothing of the client.
  const core::Cause cause = cold.record->cause;
  const bool closed =
      cold.stream == nullptr && (cause == core::Cause::kProcessExited || cause == core::Cause::kStreamClosed);
  const core::Duration patience = std::max<core::Duration>(cold.record->timeout, SelfDoubt::kLeastBound);
  const auto hold = self_doubt_.HoldBack({.since = extras.suspect_since,
                                          .bound = witness_.DueAt(extras.suspect_since, patience),
                                          .closed = closed,
                                          .open = cold.stream != nullptr,
                                          .held = extras.death_held,
                                          .probed_at = cold.probed_at,
                                          .rtt = session.rtt()},
                                         now);
  if (!hold) return false;
  if (!std::exchange(extras.death_held, true)) ++held_deaths_;
  if (hold->probe) {
    cold.probed_at = now;
    effects.probes.push_back({cold.stream, next_probe_++});
  }
  Arm(session, hold->until, effects);
  return true;
}

void Registry::MarkFlapping(Session& session, const ClientRecord* before, ClientRecord& after, MonoTime now) {
  if (after.state == State::kForgotten) return;  // as it was
  if (core::IsFall(before, after)) session.state().MakeExtras().flap.Fell(now, options_.flap);
  const SessionExtras* extras = session.state().extras.get();
  after.flapping = extras != nullptr && extras->flap.IsFlapping(now, options_.flap);
}

MonoTime Registry::CalmAt(const Session& session) const {
  // While it is SUSPECT the next transition is near, and what has ended changes no more.
  const ClientRecord& record = *session.state().record;
  if (!record.flapping || record.state != State::kAlive) return MonoTime::max();
  // Nothing is left of the penalty where the mark is from before a restart.
  if (session.state().extras == nullptr) return MonoTime::min();
  return session.state().extras->flap.ReuseAt(options_.flap);
}

void Registry::CanaryAnswered(MonoTime sent_at, MonoTime answered_at) {
  MutexLock lock(mu_);
  self_doubt_.CanaryAnswered(sent_at, answered_at);
}

}  // namespace liveness::registry
