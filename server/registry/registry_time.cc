// What becomes of sessions as time passes. See registry.h.
#include <algorithm>
#include <utility>

#include "common/status.h"
#include "server/core/detection/verdict.h"
#include "server/registry/conditions/work_slice.h"
#include "server/registry/records/effects.h"
#include "server/registry/records/flapping.h"
#include "server/registry/registry.h"

namespace liveness::registry {

using common::MutexLock;
using core::ClientRecord;
using core::MonoTime;
using core::State;

namespace {

// Bounds how long one tick holds the lock when a whole fleet is due at once.
constexpr std::size_t kTurnsPerTick = 1'000;
// Bounds how long it looks at connections: a look takes up to 50 us, and a tick
// that took 20 ms would be credited as a stall.
constexpr std::size_t kDoubtsPerTick = 100;
// While time stands nobody is due: how soon to look whether it runs again.
constexpr auto kStandPoll = std::chrono::milliseconds(10);
// How soon a connection with unread bytes is looked at again.
constexpr auto kUnreadPoll = std::chrono::milliseconds(5);

}  // namespace

MonoTime Registry::Tick(MonoTime expected, MonoTime now) {
  Effects effects;
  std::vector<Doubt> doubts;
  {
    MutexLock lock(mu_);
    // First of all: what we slept through must not count against anybody.
    const Witness::Observation seen = witness_.Observe(expected, now, effects);
    if (seen.caught_up) falls_.CanaryAnswered(*seen.caught_up, now);
    store_health_.Follow(now, effects);
    timers_.SetNextTick(seen.stands ? now + kStandPoll : MonoTime::max());
    if (!shutting_down_ && !seen.stands) {
      timers_.AdvanceTo(now);
      WorkSlice turns(clock_, kTurnsPerTick);
      bool all = false;
      while (!all && doubts.size() < kDoubtsPerTick && turns.Take()) {
        const Session* const due = timers_.PopDue();
        all = due == nullptr;
        if (!all) TakeTurn(table_.Find(due->record()->client_id()), now, doubts, effects);
      }
      timers_.SetNextTick(all ? timers_.NextDeadline() : now);
      LookForOrphans(now, effects);
      EndMaintenance(now, effects);
      if (ForgetBeyondBound(WorkSlice::kMost, effects)) {
        timers_.TickBy(now + WorkSlice::kPause);
      }
    }
  }
  for (Doubt& doubt : doubts) {
    if (doubt.stream != nullptr) doubt.link = doubt.stream->Look();
  }
  MonoTime next;
  {
    MutexLock lock(mu_);
    for (const Doubt& doubt : doubts) Conclude(doubt, now, effects);
    next = timers_.next_tick();
    effects.earlier_tick = MonoTime::max();
  }
  CarryOut(effects);
  return next;
}

void Registry::TakeTurn(const std::shared_ptr<Session>& session, MonoTime now, std::vector<Doubt>& doubts,
                        Effects& effects) {
  if (!core::IsLive(session->state().record->state)) {
    Forget(session, effects);
    return;
  }
  const bool orphaned = session->state().extras != nullptr && session->state().extras->orphaned;
  if (orphaned && session->state().record->state == State::kAlive)
    return SuspectOrphan(session, now, effects);
  if (CalmAt(*session, options_.flap) <= now) Transit(session, *session->state().record, effects);
  const core::Watched watched = AsWatched(*session);
  switch (core::Assess(watched, witness_.clock(), now).due) {
    case core::Due::kNothing: break;
    case core::Due::kProbe:
      session->state().probed_at = now;
      if (session->state().stream != nullptr)
        effects.probes.push_back({session->state().stream, next_probe_++});
      break;
    case core::Due::kDeath:
      if (IsDeathHeld(*session, now, effects)) return;
      [[fallthrough]];
    case core::Due::kSuspicion:
      doubts.push_back({session, session->state().stream, watched.last_heard, {}});
      return;
  }
  timers_.Arm(*session, NextTurn(*session, now), effects);
}

void Registry::Conclude(const Doubt& doubt, MonoTime now, Effects& effects) {
  Session& session = *doubt.session;
  if (!table_.IsCurrent(session) || !core::IsLive(session.state().record->state)) return;
  SessionState& cold = session.state();
  const core::Due due = core::Assess(AsWatched(session), witness_.clock(), now).due;
  // While we looked its stream may have been replaced, heard or closed.
  const bool stands = (due == core::Due::kSuspicion || due == core::Due::kDeath) &&
                      cold.stream == doubt.stream && session.last_heard() == doubt.last_heard;
  if (!stands || shutting_down_) {
    timers_.Arm(session, NextTurn(session, now), effects);
    return;
  }
  if (cold.extras != nullptr && cold.extras->orphaned) return BuryOrphan(doubt.session, now, effects);
  if (due == core::Due::kDeath && IsDeathHeld(session, now, effects)) return;
  if (doubt.stream != nullptr) {
    // A stream that has just ended shows nothing any more, and its end is about to be told.
    if (doubt.link.taken_at != MonoTime{}) cold.MakeExtras().look = doubt.link;
    if (HoldsUnread(session, doubt, now)) {
      timers_.Arm(session, now + kUnreadPoll, effects);
      return;
    }
  }
  if (due == core::Due::kSuspicion) {
    // From here on a heartbeat sees the flag, or we see the heartbeat: one that
    // came after the look that the verdict rests on.
    session.SetSuspected(true);
    if (session.last_heard() != doubt.last_heard) {
      session.SetSuspected(false);
      timers_.Arm(session, NextTurn(session, now), effects);
      return;
    }
    Suspect(doubt.session, now, effects);
    return;
  }
  std::shared_ptr<core::Evidence> evidence = Gather(session, now);
  const core::Verdict verdict = core::Judge(core::SymptomsOf(*evidence, cold.keepalive.get()));
  evidence->confidence = verdict.confidence;
  ++scorecard_.deaths;
  cold.extras->detected_after = cold.extras->suspect_since - session.last_heard();
  scorecard_.detection_times.Add(cold.extras->detected_after);
  EndSession(
      doubt.session, {State::kDead, verdict.cause, std::move(evidence)},
      common::Error(absl::StatusCode::kDeadlineExceeded, "SILENT", "nothing was heard within the timeout"),
      effects);
}

bool Registry::HoldsUnread(Session& session, const Doubt& doubt, MonoTime now) {
  if (doubt.link.tcp.unread_bytes == 0) return false;
  SessionExtras& extras = session.state().MakeExtras();
  if (extras.unread_after != doubt.last_heard) {
    extras.unread_after = doubt.last_heard;
    extras.unread_since = now;
    ++unread_credits_;
  }
  return now - extras.unread_since < session.state().record->timeout;
}

void Registry::Suspect(const std::shared_ptr<Session>& session, MonoTime now, Effects& effects) {
  SessionState& cold = session->state();
  cold.MakeExtras().suspect_since = now;
  cold.extras->death_held = false;
  session->SetSuspected(true);
  ClientRecord after = *cold.record;
  std::shared_ptr<core::Evidence> evidence = Gather(*session, now);
  const core::Verdict verdict = core::Judge(core::SymptomsOf(*evidence, cold.keepalive.get()));
  evidence->confidence = verdict.confidence;
  after.state = State::kSuspect;
  after.cause = verdict.cause;
  after.evidence = std::move(evidence);
  ++scorecard_.suspicions;
  Transit(session, std::move(after), effects);
  if (cold.stream != nullptr) {
    cold.probed_at = now;
    effects.probes.push_back({cold.stream, next_probe_++});
  }
  timers_.Arm(*session, NextTurn(*session, now), effects);
}

bool Registry::Refute(const std::shared_ptr<Session>& session, std::uint64_t attachment) {
  Effects effects;
  {
    MutexLock lock(mu_);
    if (!Owns(*session, attachment)) return false;
    if (session->state().stream == nullptr) return false;  // closed meanwhile: only a new stream refutes
    if (session->state().record->state != State::kSuspect) return true;
    BeAlive(session, effects);
  }
  CarryOut(effects);
  return true;
}

void Registry::BeAlive(const std::shared_ptr<Session>& session, Effects& effects) {
  CountMistake(*session, clock_.Mono() - session->state().extras->suspect_since);
  session->SetSuspected(false);
  ClientRecord after = *session->state().record;
  BecomeAlive(after);
  (void)RestoreStall(*session, after);
  Transit(session, std::move(after), effects);
  timers_.Arm(*session, NextTurn(*session, clock_.Mono()), effects);
}

void Registry::CountMistake(Session& session, core::Duration wrong_for) {
  scorecard_.refuted_suspicions.Add(wrong_for);
  session.state().MakeExtras().mistakes.Add(wrong_for);
}

void Registry::Forget(const std::shared_ptr<Session>& session, Effects& effects) {
  timers_.Cancel(*session);
  ClientRecord after = *session->state().record;
  after.state = State::kForgotten;
  Transit(session, std::move(after), effects);
}

bool Registry::ForgetBeyondBound(std::size_t most, Effects& effects) {
  for (std::size_t n = 0; table_.counts().ended() > static_cast<std::int64_t>(options_.max_ended); ++n) {
    const std::shared_ptr<Session> oldest = table_.OldestEnded();
    // It has the age of the record before its end until that is committed; then we are called again.
    if (oldest->is_pending()) return false;
    if (n == most || pending_.size() >= kPendingAtMost) return true;
    Forget(oldest, effects);
  }
  return false;
}

}  // namespace liveness::registry
