// Sessions: how they go on and end. See registry.h.
#include <algorithm>
#include <utility>

#include "common/status.h"
#include "common/strings.h"
#include "server/registry/effects.h"
#include "server/registry/instance_errors.h"
#include "server/registry/registry.h"

namespace liveness::registry {

using common::MutexLock;
using core::Cause;
using core::ClientRecord;
using core::MonoTime;
using core::RecordPtr;
using core::State;

bool Registry::Owns(const Session& session, std::uint64_t attachment) const {
  return session.cold_.record->attachment == attachment && core::IsLive(session.cold_.record->state) &&
         table_.IsCurrent(session);
}

void Registry::UpdateLabels(const std::shared_ptr<Session>& session, std::uint64_t attachment,
                            core::Labels labels) {
  Effects effects;
  {
    MutexLock lock(mu_);
    if (!Owns(*session, attachment)) return;
    ClientRecord after = *session->cold_.record;
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
  std::shared_ptr<WorkBoard>& board = session->cold_.MakeExtras().board;
  if (board == nullptr) board = std::make_shared<WorkBoard>();
  return board;
}

void Registry::SetStalled(const std::shared_ptr<Session>& session, std::uint64_t attachment, bool stalled) {
  Effects effects;
  {
    MutexLock lock(mu_);
    if (!Owns(*session, attachment) || session->cold_.record->state != State::kAlive) return;
    ClientRecord after = *session->cold_.record;
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

void Registry::SayGoodbye(const std::shared_ptr<Session>& session, std::uint64_t attachment,
                          Goodbye goodbye) {
  Effects effects;
  {
    MutexLock lock(mu_);
    if (!Owns(*session, attachment)) return;
    std::shared_ptr<core::Evidence> evidence = Gather(*session, clock_.Mono());
    evidence->reason = std::move(goodbye.reason);
    evidence->exit_code = goodbye.exit_code;
    evidence->signal = goodbye.signal;
    const bool failed = goodbye.exit_code.value_or(0) != 0 || goodbye.signal.value_or(0) != 0;
    Change change{failed ? State::kDead : State::kLeft, failed ? Cause::kProcessExited : Cause::kSaidGoodbye,
                  std::move(evidence)};
    // The stream answers the goodbye itself.
    session->cold_.stream = nullptr;
    EndSession(session, std::move(change), absl::OkStatus(), effects);
  }
  CarryOut(effects);
}

void Registry::StreamClosed(const std::shared_ptr<Session>& session, std::uint64_t attachment,
                            core::StreamEnd how, const core::LinkEvidence& link) {
  Effects effects;
  {
    MutexLock lock(mu_);
    if (!Owns(*session, attachment)) return;
    const MonoTime now = clock_.Mono();
    SessionState& cold = session->cold_;
    cold.stream = nullptr;
    SessionExtras& extras = cold.MakeExtras();
    extras.stream_end = how;
    extras.stream_ended_at = now;
    if (link.taken_at != MonoTime{}) extras.look = link;
    session->attachment_.store(0, std::memory_order_seq_cst);
    if (shutting_down_) return;
    // A session that is suspected already goes on its way; how its stream ended
    // is in the evidence of its death.
    // One that may have left because we stood is only silent: its deadline stays.
    if (cold.record->state == State::kAlive && !MayHaveClosedForOurSake(*session, now)) {
      Suspect(session, now, effects);
    }
  }
  CarryOut(effects);
}

absl::StatusOr<core::ClientView> Registry::Evict(std::string_view client_id, std::string_view reason) {
  Effects effects;
  core::ClientView view;
  {
    MutexLock lock(mu_);
    const std::shared_ptr<Session> session = table_.Find(client_id);
    if (session == nullptr) {
      return common::Error(absl::StatusCode::kNotFound, "CLIENT_NOT_FOUND",
                           common::StrCat("no client \"", client_id, "\" is known"));
    }
    const RecordPtr old = session->cold_.record;
    if (!core::IsLive(old->state)) {
      return common::Error(
          absl::StatusCode::kFailedPrecondition, "CLIENT_NOT_LIVE",
          common::StrCat("client \"", client_id, "\" is ", core::Name(old->state), " already"));
    }
    const MonoTime now = clock_.Mono();
    std::shared_ptr<core::Evidence> evidence = Gather(*session, now);
    evidence->reason = std::string(reason);
    session->cold_.Ban({std::string(old->info.instance_id()), old->incarnation, Cause::kEvicted});
    EndSession(session, {State::kDead, Cause::kEvicted, std::move(evidence)}, EvictedError(), effects);
    view = {session->cold_.record, VitalsOf(*session, now)};
  }
  CarryOut(effects);
  return view;
}

void Registry::EndSession(const std::shared_ptr<Session>& session, Change change, const absl::Status& why,
                          Effects& effects) {
  SessionState& cold = session->cold_;
  session->attachment_.store(0, std::memory_order_seq_cst);
  session->suspected_.store(false, std::memory_order_seq_cst);
  if (cold.stream != nullptr) effects.ends.push_back({std::move(cold.stream), why});
  cold.stream = nullptr;
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
  Transit(session, std::move(after), effects);
  const core::Duration keep = change.state == State::kLeft ? options_.keep_left : options_.keep_dead;
  Arm(*session, clock_.Mono() + keep, effects);
  ForgetBeyondBound(effects);
}

void Registry::Transit(const std::shared_ptr<Session>& session, ClientRecord after, Effects& effects) {
  const std::shared_ptr<Session> known = table_.Find(after.client_id());
  RecordPtr before = known == nullptr ? nullptr : known->cold_.record;
  const core::WallTime wall = clock_.Wall();
  const MonoTime now = clock_.Mono();
  scorecard_.observed_seconds += static_cast<double>(table_.counts().live()) *
                                 std::chrono::duration<double>(now - observed_until_).count();
  observed_until_ = now;
  after.revision = store_.NextRevision();
  if (after.incarnation == 0) after.incarnation = after.revision;
  if (before == nullptr || before->state != after.state) after.state_time = wall;
  MarkFlapping(*session, before.get(), after, now);
  auto record = std::make_shared<const ClientRecord>(std::move(after));
  core::GroupEventsPtr groups = CountFalls(before.get(), *record, wall, now, effects);
  history_.Append(std::make_shared<const core::Transition>(
      core::Transition{std::move(before), record, wall, std::move(groups)}));
  table_.SetRecord(session, std::move(record));
  effects.publish = true;
}

std::shared_ptr<core::Evidence> Registry::Gather(const Session& session, MonoTime now) const {
  auto evidence = std::make_shared<core::Evidence>();
  const MonoTime last_heard = session.last_heard();
  evidence->gather_time = clock_.Wall();
  if (const SessionExtras* extras = session.cold_.extras.get();
      extras != nullptr && extras->stream_end != core::StreamEnd::kNone) {
    evidence->stream_end = extras->stream_end;
    evidence->stream_ended_ago = now - extras->stream_ended_at;
  }
  evidence->silence = witness_.Elapsed(last_heard, now);
  evidence->credited = std::max(core::Duration::zero(), now - last_heard - evidence->silence);
  evidence->last_sequence = session.last_sequence();
  evidence->missed = session.missed();
  if (const SessionExtras* extras = session.cold_.extras.get(); extras != nullptr) {
    if (extras->look) {
      evidence->link = extras->look;
      evidence->link_age = std::max(core::Duration::zero(), now - extras->look->taken_at);
    }
    if (extras->board != nullptr) evidence->progress = extras->board->tokens();
  }
  evidence->host = table_.NeighboursOf(*session.cold_.record);
  return evidence;
}

}  // namespace liveness::registry
