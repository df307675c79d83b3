// What becomes of sessions as time passes. See registry.h.
#include <algorithm>
#include <utility>

#include "common/status.h"
#include "server/registry/effects.h"
#include "server/registry/registry.h"

namespace liveness::registry {

using common::MutexLock;
using core::Cause;
using core::ClientRecord;
using core::MonoTime;
using core::State;

namespace {

// Bounds how long one tick holds the lock when a whole fleet is due at once.
constexpr int kTurnsPerTick = 1'000;

}  // namespace

MonoTime Registry::Tick(MonoTime expected, MonoTime now) {
  Effects effects;
  MonoTime next;
  {
    MutexLock lock(mu_);
    // First of all: what we slept through must not count against anybody.
    witness_.Observe(expected, now);
    last_tick_ = now;
    next_tick_ = MonoTime::max();
    if (!shutting_down_) {
      wheel_.AdvanceTo(now);
      int turns = 0;
      core::WheelNode* due = nullptr;
      while (turns < kTurnsPerTick && (due = wheel_.PopDue()) != nullptr) {
        const Session& session = static_cast<Session&>(*due);
        TakeTurn(table_.Find(session.cold_.record->client_id()), now, effects);
        ++turns;
      }
      next_tick_ = turns == kTurnsPerTick ? now : wheel_.NextDeadline();
    }
    next = next_tick_;
    effects.earlier_tick = MonoTime::max();
  }
  CarryOut(effects);
  return next;
}

void Registry::TakeTurn(const std::shared_ptr<Session>& session, MonoTime now, Effects& effects) {
  if (!core::IsLive(session->cold_.record->state)) {
    Forget(session, effects);
    return;
  }
  const core::Watched watched = AsWatched(*session);
  switch (core::Assess(watched, witness_, now).due) {
    case core::Due::kNothing: break;
    case core::Due::kProbe:
      session->cold_.probed_at = now;
      if (session->cold_.stream != nullptr) effects.probes.push_back({session->cold_.stream, next_probe_++});
      break;
    case core::Due::kSuspicion: {
      // From here on a heartbeat sees the flag, or we see the heartbeat: one that
      // came after the look that the verdict rests on.
      session->suspected_.store(true, std::memory_order_seq_cst);
      if (session->last_heard() != watched.last_heard) {
        session->suspected_.store(false, std::memory_order_seq_cst);
        break;
      }
      Suspect(session, Cause::kUnknown, now, effects);
      return;
    }
    case core::Due::kDeath: {
      std::shared_ptr<core::Evidence> evidence = Gather(*session, now);
      const Cause cause = session->cold_.record->cause;
      EndSession(session, {State::kDead, cause, std::move(evidence)},
                 common::Error(absl::StatusCode::kDeadlineExceeded, "SILENT",
                               "nothing was heard within the timeout"),
                 effects);
      return;
    }
  }
  Arm(*session, NextTurn(*session, now), effects);
}

void Registry::Suspect(const std::shared_ptr<Session>& session, Cause cause, MonoTime now, Effects& effects) {
  SessionState& cold = session->cold_;
  cold.MakeExtras().suspect_since = now;
  session->suspected_.store(true, std::memory_order_seq_cst);
  ClientRecord after = *cold.record;
  after.state = State::kSuspect;
  after.cause = cause;
  after.evidence = Gather(*session, now);
  Transit(session, std::move(after), effects);
  if (cold.stream != nullptr) effects.probes.push_back({cold.stream, next_probe_++});
  Arm(*session, NextTurn(*session, now), effects);
}

void Registry::Refute(const std::shared_ptr<Session>& session, std::uint64_t attachment) {
  Effects effects;
  {
    MutexLock lock(mu_);
    if (!Owns(*session, attachment) || session->cold_.record->state != State::kSuspect) return;
    if (session->cold_.stream == nullptr) return;  // closed meanwhile: only a new stream refutes
    ++refuted_suspicions_;
    session->suspected_.store(false, std::memory_order_seq_cst);
    ClientRecord after = *session->cold_.record;
    after.state = State::kAlive;
    after.cause = Cause::kUnspecified;
    after.evidence = nullptr;
    Transit(session, std::move(after), effects);
    Arm(*session, NextTurn(*session, clock_.Mono()), effects);
  }
  CarryOut(effects);
}

void Registry::Forget(const std::shared_ptr<Session>& session, Effects& effects) {
  wheel_.Cancel(*session);
  ClientRecord after = *session->cold_.record;
  after.state = State::kForgotten;
  Transit(session, std::move(after), effects);
  table_.Erase(session);
}

void Registry::ForgetBeyondBound(Effects& effects) {
  while (table_.counts().ended() > static_cast<std::int64_t>(options_.max_ended)) {
    Forget(table_.OldestEnded(), effects);
  }
}

void Registry::BeginShutdown() {
  MutexLock lock(mu_);
  shutting_down_ = true;
}

core::Watched Registry::AsWatched(const Session& session) const {
  const ClientRecord& record = *session.cold_.record;
  const MonoTime last_heard = session.last_heard();
  return {.state = record.state,
          .last_heard = last_heard,
          .suspect_since = session.cold_.extras == nullptr ? MonoTime() : session.cold_.extras->suspect_since,
          .probed = session.cold_.probed_at > last_heard,
          .timing = {.interval = record.interval, .timeout = record.timeout},
          .grace = record.resume_grace};
}

bool Registry::MayHaveClosedForOurSake(const Session& session, MonoTime now) const {
  // Of the last timeout, whatever was heard in it: pings that waited in the socket are read before the close.
  const core::Duration timeout = session.cold_.record->timeout;
  const MonoTime since = now - timeout;
  core::Duration stood = timeout - witness_.Elapsed(since, now);
  // Right after a stall the detector may not have run yet.
  stood += std::max(core::Duration::zero(), now - std::max(last_tick_, since));
  // A client gives a server up that is silent for its timeout, less what it had waited before.
  return stood >= timeout / 2;
}

MonoTime Registry::NextTurn(const Session& session, MonoTime now) const {
  const core::Assessment assessment = core::Assess(AsWatched(session), witness_, now);
  return assessment.due == core::Due::kNothing ? assessment.next : now;
}

void Registry::Arm(Session& session, MonoTime when, Effects& effects) {
  wheel_.Schedule(session, when);
  if (when < next_tick_) {
    next_tick_ = when;
    effects.earlier_tick = std::min(effects.earlier_tick, when);
  }
}

core::Vitals Registry::VitalsOf(const Session& session, MonoTime now) const {
  const ClientRecord& record = *session.cold_.record;
  core::Vitals vitals;
  vitals.last_heard = session.last_heard();
  if (record.state == State::kAlive) {
    vitals.until_deadline = record.timeout - witness_.Elapsed(vitals.last_heard, now);
  }
  vitals.rtt = session.rtt();
  vitals.keepalive = session.cold_.keepalive;
  if (session.cold_.extras != nullptr) vitals.progress = session.cold_.extras->progress;
  return vitals;
}

void Registry::CarryOut(Effects& effects) {
  for (const auto& end : effects.ends) end.stream->End(end.why);
  for (const auto& probe : effects.probes) probe.stream->Probe(probe.sequence);
  if (effects.earlier_tick != MonoTime::max() && wake_detector_) wake_detector_(effects.earlier_tick);
  if (effects.publish && wake_publisher_) wake_publisher_();
}

void Registry::OnEarlierDeadline(std::function<void(MonoTime)> wake) { wake_detector_ = std::move(wake); }

void Registry::OnPending(std::function<void()> wake) { wake_publisher_ = std::move(wake); }

}  // namespace liveness::registry
