#include "server/registry/life/detection.h"

#include <chrono>
#include <cstddef>

#include "server/core/detection/session_rules.h"
#include "server/registry/conditions/work_slice.h"
#include "server/registry/records/flapping.h"

namespace liveness::registry {

using core::Due;
using core::MonoTime;
using core::State;

namespace {

// Bounds how long one tick holds the lock when a whole fleet is due at once.
constexpr std::size_t kChecksPerTick = 1'000;
// Bounds how long a tick looks at connections: a look takes up to 50 us, and a tick that took 20 ms would be
// credited as a stall.
constexpr std::size_t kLooksPerTick = 100;
// While time stands no session is due: how soon to see whether time runs again.
constexpr auto kStandPoll = std::chrono::milliseconds(10);
// How soon a connection with unread bytes is looked at again.
constexpr auto kUnreadPoll = std::chrono::milliseconds(5);

}  // namespace

Detection::Detection(const RegistryOptions& options, const common::Clock& clock, Conditions& conditions,
                     Ledger& ledger, const Deadlines& deadlines, Lifecycle& lifecycle, Orphans& orphans,
                     Maintenance& maintenance)
    : options_(options),
      clock_(clock),
      timers_(conditions.timers),
      witness_(conditions.witness),
      store_health_(conditions.store_health),
      falls_(conditions.falls),
      figures_(conditions.figures),
      ledger_(ledger),
      deadlines_(deadlines),
      lifecycle_(lifecycle),
      orphans_(orphans),
      maintenance_(maintenance) {}

std::vector<PendingLook> Detection::CheckDue(MonoTime expected, MonoTime now, Effects& effects) {
  std::vector<PendingLook> looks;
  // First of all: what we slept through must not count against anybody.
  const Witness::Observation seen = witness_.Observe(expected, now, effects);
  // A server that doubts itself takes this for an answer of its canary: every queue has heard what came
  // before then.
  if (seen.caught_up) falls_.CanaryAnswered(*seen.caught_up, now);
  store_health_.Follow(now, effects);
  timers_.SetNextTick(seen.time_stands ? now + kStandPoll : MonoTime::max());
  if (lifecycle_.shutting_down() || seen.time_stands) return looks;

  timers_.AdvanceTo(now);
  WorkSlice slice(clock_, kChecksPerTick);
  bool all = false;
  while (!all && looks.size() < kLooksPerTick && slice.Take()) {
    const Session* const due = timers_.PopDue();
    all = due == nullptr;
    if (!all) CheckSession(ledger_.Find(due->record()->client_id()), now, looks, effects);
  }
  timers_.SetNextTick(all ? timers_.NextDeadline() : now);
  orphans_.Search(now, effects);
  maintenance_.EndDue(now, effects);
  if (lifecycle_.ForgetBeyondBound(WorkSlice::kMost, effects)) timers_.TickBy(now + WorkSlice::kPause);
  return looks;
}

void Detection::CheckSession(const std::shared_ptr<Session>& session, MonoTime now,
                             std::vector<PendingLook>& looks, Effects& effects) {
  if (!core::IsLive(session->record()->state)) return lifecycle_.Forget(session, effects);
  if (Orphans::IsOrphan(*session) && session->record()->state == State::kAlive) {
    return orphans_.Suspect(session, now, effects);
  }
  // A flapping client's mark goes.
  if (CalmAt(*session, options_.flap) <= now) ledger_.Decide(session, *session->record(), effects);
  const core::DetectorInput input = deadlines_.InputOf(*session);
  switch (core::Assess(input, witness_.witness_clock(), now).due) {
    case Due::kNothing: break;
    case Due::kProbe:
      session->state().probed_at = now;
      if (session->state().stream != nullptr) lifecycle_.Probe(*session, now, effects);
      break;
    case Due::kDeath:
      if (HoldsDeath(*session, now, effects)) return;
      [[fallthrough]];
    case Due::kSuspicion: looks.push_back({session, session->state().stream, input.last_heard, {}}); return;
  }
  ArmNextCheck(*session, now, effects);
}

void Detection::JudgeAfterLook(const PendingLook& look, MonoTime now, Effects& effects) {
  Session& session = *look.session;
  // While we looked the session may have ended, or an orphan's server may have come back and spoken for it.
  const bool is_ours = session.is_local() || Orphans::IsOrphan(session);
  if (!is_ours || !ledger_.table().IsCurrent(session) || !core::IsLive(session.record()->state)) return;
  SessionState& state = session.state();
  const Due due = core::Assess(deadlines_.InputOf(session), witness_.witness_clock(), now).due;
  // While we looked its stream may have been replaced, heard or closed.
  const bool still_due = (due == Due::kSuspicion || due == Due::kDeath) && state.stream == look.stream &&
                         session.last_heard() == look.last_heard;
  if (!still_due || lifecycle_.shutting_down()) return ArmNextCheck(session, now, effects);
  if (Orphans::IsOrphan(session)) return orphans_.Bury(look.session, now, effects);
  if (due == Due::kDeath && HoldsDeath(session, now, effects)) return;
  if (look.stream != nullptr) {
    // A stream that has just ended shows nothing any more, and its end is about to be told.
    if (look.link.taken_at != MonoTime{}) state.MakeExtras().look = look.link;
    if (HoldsUnread(session, look, now)) return timers_.Arm(session, now + kUnreadPoll, effects);
  }
  if (due == Due::kDeath) return lifecycle_.DieOfSilence(look.session, now, effects);
  // From here on a heartbeat sees the flag, or we see the heartbeat: one that came after the look that the
  // verdict rests on.
  session.SetSuspected(true);
  if (session.last_heard() == look.last_heard) {
    const MonoTime deadline =
        witness_.witness_clock().DueAt(look.last_heard, deadlines_.InputOf(session).timing.timeout);
    figures_.deadline_lateness.Add(clock_.Mono() - deadline);
    return lifecycle_.Suspect(look.session, now, effects);
  }
  session.SetSuspected(false);
  ArmNextCheck(session, now, effects);
}

bool Detection::HoldsDeath(Session& session, MonoTime now, Effects& effects) {
  const auto hold = falls_.HoldDeath(session, witness_.witness_clock(), now, effects);
  if (!hold) return false;
  if (hold->probe) lifecycle_.Probe(session, now, effects);
  timers_.Arm(session, hold->until, effects);
  return true;
}

bool Detection::HoldsUnread(Session& session, const PendingLook& look, MonoTime now) {
  if (look.link.tcp.unread_bytes == 0) return false;
  SessionExtras& extras = session.state().MakeExtras();
  if (extras.unread_after != look.last_heard) {
    extras.unread_after = look.last_heard;
    extras.unread_since = now;
    ++unread_credits_;
  }
  return now - extras.unread_since < session.record()->timeout;
}

}  // namespace liveness::registry
