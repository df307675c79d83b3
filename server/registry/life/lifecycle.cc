#include "server/registry/life/lifecycle.h"

#include <algorithm>
#include <string>
#include <utility>

#include "common/saturating.h"
#include "common/status.h"
#include "common/strings.h"
#include "server/core/detection/verdict.h"
#include "server/registry/life/make_evidence.h"
#include "server/registry/records/instance_errors.h"
#include "server/registry/records/session_streams.h"
#include "server/registry/records/standbys.h"

namespace liveness::registry {

using core::Cause;
using core::ClientRecord;
using core::MonoTime;
using core::RecordPtr;
using core::State;

namespace {

// How many ended records beyond their bound go when one more ends: more than one, because else they would
// never become fewer.
constexpr std::size_t kForgottenAtOnce = 4;

void AddLastWords(const Session& session, Lifecycle::Ending& ending) {
  const bool said_goodbye = ending.evidence->exit_code || ending.evidence->signal;
  if (ending.state != State::kDead || said_goodbye) return;
  auto words = std::make_shared<core::LastWords>();
  words->will = std::string(session.record()->info.last_will());
  const SessionExtras* extras = session.state().extras.get();
  if (extras != nullptr && extras->board != nullptr) words->notes = extras->board->notes();
  if (!words->will.empty() || !words->notes.empty()) ending.evidence->last_words = std::move(words);
}

}  // namespace

Lifecycle::Lifecycle(const RegistryOptions& options, const common::Clock& clock, Conditions& conditions,
                     Ledger& ledger, const Deadlines& deadlines, Stalls& stalls)
    : options_(options),
      clock_(clock),
      timers_(conditions.timers),
      witness_(conditions.witness),
      store_health_(conditions.store_health),
      figures_(conditions.figures),
      ledger_(ledger),
      deadlines_(deadlines),
      stalls_(stalls) {}

bool Lifecycle::IsCurrentStream(const Session& session, std::uint64_t attachment) const {
  // Another server may have given its stream the same number: this one knows only of its own.
  return session.is_local() && session.record()->attachment == attachment;
}

std::shared_ptr<core::Evidence> Lifecycle::EvidenceOf(const Session& session, MonoTime now) const {
  return MakeEvidence(session, ledger_.table(), witness_.witness_clock(), clock_, now);
}

Cause Lifecycle::Judge(const Session& session, core::Evidence& evidence) const {
  const core::Verdict verdict = core::Judge(core::SymptomsOf(evidence, session.state().keepalive.get()));
  evidence.confidence = verdict.confidence;
  return verdict.cause;
}

void Lifecycle::StartDetection(Session& session, Effects& effects) {
  const MonoTime now = clock_.Mono();
  const ClientRecord& record = *session.record();
  // A client that waited this long may have given us up before its welcome came.
  if (Deadlines::MayGiveUpAfter(now - session.last_heard(), record)) {
    session.state().MakeExtras().excused_until = common::SaturatingAdd(now, record.timeout);
  }
  // Nor could the client ping before its welcome.
  session.SetHeard(now);
  timers_.Arm(session, deadlines_.NextCheck(session, now), effects);
}

void Lifecycle::Probe(Session& session, MonoTime now, Effects& effects) {
  session.state().probed_at = now;
  effects.probes.push_back({session.state().stream, next_probe_++});
}

void Lifecycle::Suspect(const std::shared_ptr<Session>& session, MonoTime now, Effects& effects) {
  SessionExtras& extras = session->state().MakeExtras();
  extras.suspect_since = now;
  extras.death_held = false;
  session->SetSuspected(true);
  ClientRecord after = *session->record();
  std::shared_ptr<core::Evidence> evidence = EvidenceOf(*session, now);
  after.state = State::kSuspect;
  after.cause = Judge(*session, *evidence);
  after.evidence = std::move(evidence);
  ++scorecard_.suspicions;
  ledger_.Decide(session, std::move(after), effects);
  if (session->state().stream != nullptr) Probe(*session, now, effects);
  timers_.Arm(*session, deadlines_.NextCheck(*session, now), effects);
}

void Lifecycle::Refute(const std::shared_ptr<Session>& session, Effects& effects) {
  CountMistake(*session, clock_.Mono() - session->state().extras->suspect_since);
  session->SetSuspected(false);
  ClientRecord after = *session->record();
  BecomeAlive(after);
  (void)stalls_.Restore(*session, after);
  ledger_.Decide(session, std::move(after), effects);
  timers_.Arm(*session, deadlines_.NextCheck(*session, clock_.Mono()), effects);
}

void Lifecycle::DieOfSilence(const std::shared_ptr<Session>& session, MonoTime now, Effects& effects) {
  std::shared_ptr<core::Evidence> evidence = EvidenceOf(*session, now);
  const Cause cause = Judge(*session, *evidence);
  CountDeath();
  SessionExtras& extras = *session->state().extras;
  extras.detected_after = extras.suspect_since - session->last_heard();
  scorecard_.detection_times.Add(extras.detected_after);
  figures_.detection_times.Add(extras.detected_after);
  End(session, {State::kDead, cause, std::move(evidence)},
      common::Error(absl::StatusCode::kDeadlineExceeded, "SILENT", "nothing was heard within the timeout"),
      effects);
}

void Lifecycle::End(const std::shared_ptr<Session>& session, Ending ending, const absl::Status& why,
                    Effects& effects, CommitDone on_committed) {
  session->Unbind();
  session->SetSuspected(false);
  session->set_local(false);
  EndStreams(*session, why, effects);
  AddLastWords(*session, ending);
  ClientRecord after = *session->record();
  after.state = ending.state;
  after.cause = ending.cause;
  after.evidence = std::move(ending.evidence);
  if (ending.ban) {
    auto annex = after.annex == nullptr ? std::make_shared<core::Annex>()
                                        : std::make_shared<core::Annex>(*after.annex);
    annex->Ban(*std::move(ending.ban));
    after.annex = std::move(annex);
  }
  ledger_.Decide(session, std::move(after), effects, std::move(on_committed));
  timers_.Arm(*session, deadlines_.ForgetAt(*session->record()), effects);
  MakeRoom(effects);
}

void Lifecycle::KeepOwn(const std::shared_ptr<Session>& session, const ClientRecord& before,
                        Effects& effects) {
  // Others took us for gone; we are not, and what we know of the session stands.
  if (session->record()->state != State::kSuspect || before.state != State::kAlive) {
    return stalls_.TellHidden(session, effects);
  }
  ClientRecord alive = *session->record();
  BecomeAlive(alive);
  (void)stalls_.Restore(*session, alive);
  ledger_.Decide(session, std::move(alive), effects);
}

void Lifecycle::Forget(const std::shared_ptr<Session>& session, Effects& effects, CommitDone on_committed) {
  timers_.Cancel(*session);
  ClientRecord after = *session->record();
  after.state = State::kForgotten;
  ledger_.Decide(session, std::move(after), effects, std::move(on_committed));
}

bool Lifecycle::ForgetBeyondBound(std::size_t most, Effects& effects) {
  const auto bound = static_cast<std::int64_t>(options_.max_ended);
  for (std::size_t n = 0; ledger_.table().counts().ended() > bound; ++n) {
    const std::shared_ptr<Session> first = ledger_.table().FirstToForget();
    // The table still sorts this client by its older revision, because its end is not committed yet. The
    // commit calls this again.
    if (first->is_pending()) return false;
    if (n == most || ledger_.IsFull()) return true;
    Forget(first, effects);
  }
  return false;
}

void Lifecycle::MakeRoom(Effects& effects) { (void)ForgetBeyondBound(kForgottenAtOnce, effects); }

void Lifecycle::SetLabels(const std::shared_ptr<Session>& session, core::Labels labels, Effects& effects) {
  ClientRecord after = *session->record();
  core::ClientInfo info = after.info.Unpack();
  if (info.labels == labels) return;
  info.labels = std::move(labels);
  after.info = core::PackedInfo(info);
  ledger_.Decide(session, std::move(after), effects);
}

void Lifecycle::TakeClose(const std::shared_ptr<Session>& session, std::uint64_t attachment,
                          core::StreamEnd how, const core::LinkEvidence& link, MonoTime ended_at,
                          Effects& effects) {
  SessionState& state = session->state();
  Standbys* const standbys = state.extras == nullptr ? nullptr : state.extras->standbys.get();
  const bool waited = standbys != nullptr && standbys->Take(attachment).has_value();
  if (waited ? state.stream != nullptr : !IsCurrentStream(*session, attachment)) return;
  if (ended_at == MonoTime{}) ended_at = clock_.Mono();
  state.stream = nullptr;
  session->Unbind();
  // The client opened others beside it. If they are gone too, as after a crash, their ends come as soon.
  if (standbys != nullptr && !standbys->empty()) return;
  SessionExtras& extras = state.MakeExtras();
  extras.stream_end = how;
  extras.stream_ended_at = ended_at;
  if (link.taken_at != MonoTime{}) extras.look = link;
  // What the end of this server does to its clients is not their fault.
  if (shutting_down_) return;
  // A session that is suspected already goes on its way; how its stream ended is in the evidence of its
  // death.
  if (session->record()->state != State::kAlive) return;
  // A client that may have left because we stood, or that we have sent to another server, is only silent: its
  // deadline stays.
  const bool was_revoked = how == core::StreamEnd::kRevoked;
  if (!was_revoked && (draining_ || deadlines_.MayHaveClosedForOurSake(*session, ended_at))) return;
  Suspect(session, clock_.Mono(), effects);
}

void Lifecycle::SayGoodbye(const std::shared_ptr<Session>& session, Goodbye goodbye, CommitDone on_committed,
                           Effects& effects) {
  std::shared_ptr<core::Evidence> evidence = EvidenceOf(*session, clock_.Mono());
  evidence->reason = std::move(goodbye.reason);
  evidence->exit_code = goodbye.exit_code;
  evidence->signal = goodbye.signal;
  const bool failed = goodbye.exit_code.value_or(0) != 0 || goodbye.signal.value_or(0) != 0;
  // The stream answers the goodbye itself.
  session->state().stream = nullptr;
  End(session,
      {failed ? State::kDead : State::kLeft, failed ? Cause::kProcessExited : Cause::kSaidGoodbye,
       std::move(evidence)},
      absl::OkStatus(), effects, std::move(on_committed));
}

absl::Status Lifecycle::Evict(std::string_view client_id, std::string_view reason, ViewDone done,
                              Effects& effects) {
  const std::shared_ptr<Session> session = ledger_.Find(client_id);
  if (absl::Status refused = CheckKnown(client_id, session.get()); !refused.ok()) return refused;
  const RecordPtr old = session->record();
  if (!core::IsLive(old->state)) {
    return common::Error(
        absl::StatusCode::kFailedPrecondition, "CLIENT_NOT_LIVE",
        common::StrCat("client \"", client_id, "\" is ", core::Name(old->state), " already"));
  }
  Ending ending{State::kDead, Cause::kEvicted, EvidenceOf(*session, clock_.Mono())};
  ending.evidence->reason = std::string(reason);
  ending.ban = core::Banned{std::string(old->info.instance_id()), BanName(*old), Cause::kEvicted};
  End(session, std::move(ending), EvictedError(), effects, ShowTo(std::move(done), *session));
  return absl::OkStatus();
}

absl::Status Lifecycle::ForgetNow(std::string_view client_id, ViewDone done, Effects& effects) {
  const std::shared_ptr<Session> session = ledger_.Find(client_id);
  if (absl::Status refused = CheckKnown(client_id, session.get()); !refused.ok()) return refused;
  if (core::IsLive(session->record()->state)) {
    return common::Error(absl::StatusCode::kFailedPrecondition, "CLIENT_LIVE",
                         common::StrCat("client \"", client_id, "\" is live"));
  }
  Forget(session, effects, ShowTo(std::move(done), *session));
  return absl::OkStatus();
}

CommitDone Lifecycle::ShowTo(ViewDone done, const Session& session) const {
  return [done = std::move(done),
          vitals = deadlines_.VitalsOf(session, clock_.Mono())](const absl::StatusOr<RecordPtr>& record) {
    if (!record.ok()) return done(record.status());
    done(core::ClientView{*record, vitals});
  };
}

absl::Status Lifecycle::CheckKnown(std::string_view client_id, const Session* session) const {
  if (session == nullptr || ledger_.VisibleRecord(*session) == nullptr) {
    return common::Error(absl::StatusCode::kNotFound, "CLIENT_NOT_FOUND",
                         common::StrCat("no client \"", client_id, "\" is known"));
  }
  if (const absl::Status health = store_health_.AskStore(); !health.ok() && store_health_.shared()) {
    return common::Error(absl::StatusCode::kUnavailable, "STORE_UNAVAILABLE", std::string(health.message()));
  }
  return absl::OkStatus();
}

void Lifecycle::CountMistake(Session& session, core::Duration wrong_for) {
  scorecard_.refuted_suspicions.Add(wrong_for);
  session.state().MakeExtras().mistakes.Add(wrong_for);
}

core::Scorecard Lifecycle::scorecard() const {
  core::Scorecard card = scorecard_;
  card.observed_seconds = ledger_.observed_seconds();
  return card;
}

}  // namespace liveness::registry
