// Sessions: how they go on and end. See registry.h.
#include <algorithm>
#include <utility>

#include "common/status.h"
#include "common/strings.h"
#include "server/registry/records/effects.h"
#include "server/registry/records/instance_errors.h"
#include "server/registry/records/standbys.h"
#include "server/registry/registry.h"

namespace liveness::registry {

using common::MutexLock;
using core::Cause;
using core::ClientRecord;
using core::MonoTime;
using core::RecordPtr;
using core::State;

bool Registry::Owns(const Session& session, std::uint64_t attachment) const {
  // Another server may have given its stream the same number: this one knows only of its own.
  return session.is_local() && session.state().record->attachment == attachment &&
         core::IsLive(session.state().record->state) && table_.IsCurrent(session);
}

void Registry::UpdateLabels(const std::shared_ptr<Session>& session, std::uint64_t attachment,
                            core::Labels labels) {
  Effects effects;
  {
    MutexLock lock(mu_);
    if (!Owns(*session, attachment)) return;
    ClientRecord after = *session->state().record;
    core::ClientInfo info = after.info.Unpack();
    if (info.labels == labels) return;
    info.labels = std::move(labels);
    after.info = core::PackedInfo(info);
    Transit(session, std::move(after), effects);
  }
  CarryOut(effects);
}

std::shared_ptr<WorkBoard> Registry::BoardOf(const std::shared_ptr<Session>& session) {
  MutexLock lock(mu_);
  std::shared_ptr<WorkBoard>& board = session->state().MakeExtras().board;
  if (board == nullptr) board = std::make_shared<WorkBoard>();
  return board;
}

void Registry::SetStalled(const std::shared_ptr<Session>& session, std::uint64_t attachment, bool stalled) {
  Effects effects;
  {
    MutexLock lock(mu_);
    if (!Owns(*session, attachment) || session->state().record->state != State::kAlive) return;
    ClientRecord after = *session->state().record;
    const core::Health health = stalled ? core::Health::kStalled : core::Health::kOk;
    // Who is expected to be away is not also said to be stalled.
    if (after.health == health || after.health == core::Health::kMaintenance) return;
    after.health = health;
    after.cause = stalled ? Cause::kApplicationStalled : Cause::kUnspecified;
    after.evidence = nullptr;
    if (stalled) {
      std::shared_ptr<core::Evidence> evidence = Gather(*session, clock_.Mono());
      evidence->confidence = core::Confidence::kHigh;
      after.evidence = std::move(evidence);
    }
    Transit(session, std::move(after), effects);
  }
  CarryOut(effects);
}

void Registry::SayGoodbye(const std::shared_ptr<Session>& session, std::uint64_t attachment, Goodbye goodbye,
                          std::function<void()> done) {
  Effects effects;
  {
    MutexLock lock(mu_);
    (void)TakeStandby(session, attachment, effects);
    if (Owns(*session, attachment)) {
      std::shared_ptr<core::Evidence> evidence = Gather(*session, clock_.Mono());
      evidence->reason = std::move(goodbye.reason);
      evidence->exit_code = goodbye.exit_code;
      evidence->signal = goodbye.signal;
      const bool failed = goodbye.exit_code.value_or(0) != 0 || goodbye.signal.value_or(0) != 0;
      Change change{failed ? State::kDead : State::kLeft,
                    failed ? Cause::kProcessExited : Cause::kSaidGoodbye, std::move(evidence)};
      // The stream answers the goodbye itself.
      session->state().stream = nullptr;
      CommitDone on_committed;
      if (done && store_.health().ok()) {
        on_committed = [done = std::exchange(done, nullptr)](const absl::StatusOr<RecordPtr>&) { done(); };
      }
      EndSession(session, std::move(change), absl::OkStatus(), effects, std::move(on_committed));
    }
  }
  CarryOut(effects);
  if (done) done();
}

void Registry::StreamClosed(const std::shared_ptr<Session>& session, std::uint64_t attachment,
                            core::StreamEnd how, const core::LinkEvidence& link, MonoTime ended_at) {
  Effects effects;
  {
    MutexLock lock(mu_);
    SessionState& cold = session->state();
    Standbys* const standbys = cold.extras == nullptr ? nullptr : cold.extras->standbys.get();
    const bool waited = standbys != nullptr && standbys->Take(attachment).has_value();
    if (waited ? cold.stream != nullptr : !Owns(*session, attachment)) return;
    const MonoTime now = clock_.Mono();
    if (ended_at == MonoTime{}) ended_at = now;
    cold.stream = nullptr;
    session->Unbind();
    // The client opened others beside it. If they are gone too, as after a crash, their ends come as soon.
    if (standbys != nullptr && !standbys->empty()) return;
    SessionExtras& extras = cold.MakeExtras();
    extras.stream_end = how;
    extras.stream_ended_at = ended_at;
    if (link.taken_at != MonoTime{}) extras.look = link;
    if (shutting_down_) return;
    if (cold.record->state == State::kAlive && !draining_ && !MayHaveClosedForOurSake(*session, ended_at)) {
      // A session that is suspected already goes on its way; how its stream ended
      // is in the evidence of its death.
      // One that may have left because we stood is only silent: its deadline stays.
      // So is one that we have sent to another server.
      Suspect(session, now, effects);
    }
  }
  CarryOut(effects);
}

void Registry::Evict(std::string_view client_id, std::string_view reason,
                     std::function<void(absl::StatusOr<core::ClientView>)> done) {
  Effects effects;
  absl::Status refused;
  {
    MutexLock lock(mu_);
    const std::shared_ptr<Session> session = table_.Find(client_id);
    refused = CheckEvict(client_id, session.get());
    if (refused.ok()) {
      const MonoTime now = clock_.Mono();
      const RecordPtr old = session->state().record;
      Change change{State::kDead, Cause::kEvicted, Gather(*session, now)};
      change.evidence->reason = std::string(reason);
      change.ban = core::Banned{std::string(old->info.instance_id()), BanName(*old), Cause::kEvicted};
      EndSession(session, std::move(change), EvictedError(), effects,
                 [done, vitals = VitalsOf(*session, now)](const absl::StatusOr<RecordPtr>& record) {
                   if (!record.ok()) return done(record.status());
                   done(core::ClientView{*record, vitals});
                 });
    }
  }
  CarryOut(effects);
  if (!refused.ok()) done(std::move(refused));
}

absl::Status Registry::CheckEvict(std::string_view client_id, const Session* session) const {
  if (session == nullptr || Shown(*session) == nullptr) {
    return common::Error(absl::StatusCode::kNotFound, "CLIENT_NOT_FOUND",
                         common::StrCat("no client \"", client_id, "\" is known"));
  }
  const State state = session->state().record->state;
  if (!core::IsLive(state)) {
    return common::Error(absl::StatusCode::kFailedPrecondition, "CLIENT_NOT_LIVE",
                         common::StrCat("client \"", client_id, "\" is ", core::Name(state), " already"));
  }
  if (const absl::Status health = store_.health(); !health.ok() && store_.shared()) {
    return common::Error(absl::StatusCode::kUnavailable, "STORE_UNAVAILABLE", std::string(health.message()));
  }
  return absl::OkStatus();
}

void Registry::EndSession(const std::shared_ptr<Session>& session, Change change, const absl::Status& why,
                          Effects& effects, CommitDone on_committed) {
  SessionState& cold = session->state();
  session->Unbind();
  session->SetSuspected(false);
  session->set_local(false);
  if (cold.stream != nullptr) effects.ends.push_back({std::move(cold.stream), why});
  cold.stream = nullptr;
  EndStandbys(*session, why, effects);
  ClientRecord after = *cold.record;
  after.state = change.state;
  after.cause = change.cause;
  const bool said_goodbye =
      change.evidence->exit_code || change.evidence->signal || change.cause == Cause::kSaidGoodbye;
  if (change.state == State::kDead && !said_goodbye) {
    auto words = std::make_shared<core::LastWords>();
    words->will = std::string(after.info.last_will());
    if (cold.extras != nullptr && cold.extras->board != nullptr) words->notes = cold.extras->board->notes();
    if (!words->will.empty() || !words->notes.empty()) change.evidence->last_words = std::move(words);
  }
  after.evidence = std::move(change.evidence);
  if (change.ban) {
    auto annex = after.annex == nullptr ? std::make_shared<core::Annex>()
                                        : std::make_shared<core::Annex>(*after.annex);
    annex->Ban(*std::move(change.ban));
    after.annex = std::move(annex);
  }
  Transit(session, std::move(after), effects, std::move(on_committed));
  timers_.Arm(*session, ForgetAt(*session->state().record), effects);
  (void)ForgetBeyondBound(kForgottenAtOnce, effects);
}

std::shared_ptr<core::Evidence> Registry::Gather(const Session& session, MonoTime now) const {
  auto evidence = std::make_shared<core::Evidence>();
  const MonoTime last_heard = session.last_heard();
  evidence->gather_time = clock_.Wall();
  evidence->host = table_.NeighboursOf(*session.state().record);
  if (!session.is_local()) return evidence;  // who does not serve it has heard nothing of it
  if (const SessionExtras* extras = session.state().extras.get();
      extras != nullptr && extras->stream_end != core::StreamEnd::kNone) {
    evidence->stream_end = extras->stream_end;
    evidence->stream_ended_ago = now - extras->stream_ended_at;
  }
  evidence->silence = witness_.Elapsed(last_heard, now);
  evidence->credited = std::max(core::Duration::zero(), now - last_heard - evidence->silence);
  evidence->last_sequence = session.last_sequence();
  evidence->missed = session.missed();
  if (const SessionExtras* extras = session.state().extras.get(); extras != nullptr) {
    if (extras->look) {
      evidence->link = extras->look;
      evidence->link_age = std::max(core::Duration::zero(), now - extras->look->taken_at);
    }
    if (extras->board != nullptr) evidence->progress = extras->board->tokens();
  }
  return evidence;
}

void Registry::BeginDrain() {
  MutexLock lock(mu_);
  draining_ = true;
}

void Registry::EndDrain() {
  MutexLock lock(mu_);
  draining_ = false;
}

void Registry::BeginShutdown() {
  MutexLock lock(mu_);
  shutting_down_ = true;
}

}  // namespace liveness::registry
