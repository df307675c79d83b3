#include "server/registry/life/admission.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "common/saturating.h"
#include "server/registry/life/orphans.h"
#include "server/registry/records/instance_errors.h"
#include "server/registry/records/session_streams.h"
#include "server/registry/records/standbys.h"

namespace liveness::registry {

using core::Cause;
using core::ClientRecord;
using core::Health;
using core::MonoTime;
using core::RecordPtr;
using core::State;

namespace {

constexpr bool kWelcomes = true;

std::shared_ptr<Arrivals> ArrivalsOf(const Session& session) {
  const SessionExtras* extras = session.state().extras.get();
  return extras == nullptr ? nullptr : extras->arrivals;
}

// What was learnt of a client's pings stays with the client, unless its hello asks for something else.
void SetArrivals(SessionState& state, const HelloRequest& hello) {
  if (!hello.accrual_threshold && !hello.quality) {
    if (state.extras != nullptr) state.extras->arrivals = nullptr;
    return;
  }
  std::shared_ptr<Arrivals>& arrivals = state.MakeExtras().arrivals;
  const core::Timing timing{hello.interval, hello.timeout};
  if (arrivals == nullptr) {
    arrivals = std::make_shared<Arrivals>(timing, hello.accrual_threshold);
  } else if (arrivals->timing() != timing || arrivals->threshold() != hello.accrual_threshold) {
    arrivals = std::make_shared<Arrivals>(timing, hello.accrual_threshold, arrivals->path());
  }
  arrivals->NewStream();
}

// Hands to a client's new session what is kept beyond the one before, which has ended. `mistakes`: those that
// the new session comes with, without those of `from`.
void Inherit(const SessionState& from, core::Mistakes mistakes, SessionState& to) {
  const SessionExtras* old = from.extras.get();
  if (old != nullptr) mistakes += old->mistakes;
  if (mistakes.count != 0) to.MakeExtras().mistakes = mistakes;
  if (old == nullptr) return;
  if (old->arrivals != nullptr) to.MakeExtras().arrivals = old->arrivals;
  if (!old->flap.empty()) to.MakeExtras().flap = old->flap;
  if (old->detected_after > core::Duration::zero()) to.MakeExtras().detected_after = old->detected_after;
  if (mistakes.count == 0) return;
  // Mistakes are counted over all sessions of a client, so their time is too.
  to.MakeExtras().known_before =
      old->known_before +
      std::max(core::Duration::zero(), from.record->state_time - from.record->register_time);
}

// Tells `done` of the welcome, with the incarnation that was committed.
CommitDone Welcome(Attached attached, AttachDone done) {
  return [attached = std::move(attached), done = std::move(done)](const absl::StatusOr<RecordPtr>& record) {
    if (!record.ok()) return done(record.status());
    Attached welcomed = attached;
    welcomed.incarnation = (*record)->incarnation;
    done(std::move(welcomed));
  };
}

}  // namespace

Admission::Admission(const RegistryOptions& options, const common::Clock& clock, storage::Store& store,
                     const storage::Contents& contents, Conditions& conditions, Ledger& ledger,
                     const Deadlines& deadlines, const Stalls& stalls, Lifecycle& lifecycle)
    : options_(options),
      clock_(clock),
      server_id_(std::make_shared<const std::string>(options.server_id)),
      timers_(conditions.timers),
      store_health_(conditions.store_health),
      ledger_(ledger),
      deadlines_(deadlines),
      stalls_(stalls),
      lifecycle_(lifecycle),
      check_(options, store, contents, conditions, ledger, lifecycle) {}

absl::Status Admission::Attach(HelloRequest hello, const AttachDone& done, Effects& effects) {
  const std::shared_ptr<Session> known = ledger_.Find(hello.info.client_id);
  const absl::StatusOr<HelloAnswer> answer = check_.Check(hello, known.get(), effects);
  if (!answer.ok()) return answer.status();
  switch (*answer) {
    case HelloAnswer::kBegins: Begin(hello, known, done, effects); break;
    case HelloAnswer::kResumes: Resume(hello, known, NextAttachment(*known), done, effects); break;
    case HelloAnswer::kStandsBy: StandBy(std::move(hello), known, done, effects); break;
  }
  return absl::OkStatus();
}

void Admission::Begin(const HelloRequest& hello, const std::shared_ptr<Session>& known,
                      const AttachDone& done, Effects& effects) {
  const MonoTime now = clock_.Mono();
  // new, not make_shared: its control block would cost a cache line of padding.
  const std::shared_ptr<Session> session(new Session());
  std::shared_ptr<const core::Annex> annex;
  std::uint64_t attachment = 1;
  if (known != nullptr) {
    core::Mistakes mistakes;
    SetAside(known, hello, now, mistakes, effects);
    Inherit(known->state(), mistakes, session->state());
    annex = known->record()->annex;
    attachment = NextAttachment(*known);
    timers_.Cancel(*known);
  }
  Bind(*session, hello, attachment, now);
  ClientRecord after;
  after.info = core::PackedInfo(hello.info);
  after.server_id = server_id_;
  after.attachment = attachment;
  after.register_time = clock_.Wall();
  after.interval = hello.interval;
  after.timeout = hello.timeout;
  after.resume_grace = options_.resume_grace;
  after.accrual_threshold = static_cast<float>(hello.accrual_threshold.value_or(0));
  after.state = State::kAlive;
  after.health = annex != nullptr && annex->maintenance_until ? Health::kMaintenance : Health::kOk;
  after.annex = std::move(annex);
  Attached attached = AnswerTo(hello, session, attachment, now);
  ledger_.Decide(session, std::move(after), effects, Welcome(std::move(attached), done), kWelcomes);
  // A session that waits for the store is watched from its welcome on.
  if (!session->is_pending()) timers_.Arm(*session, deadlines_.NextCheck(*session, now), effects);
}

void Admission::SetAside(const std::shared_ptr<Session>& known, const HelloRequest& hello, MonoTime now,
                         core::Mistakes& mistakes, Effects& effects) {
  const RecordPtr old = known->record();
  const bool same_instance = old->info.instance_id() == hello.info.instance_id;
  if (core::IsLive(old->state)) {
    Lifecycle::Ending ending{State::kDead, Cause::kSuperseded, lifecycle_.EvidenceOf(*known, now)};
    // An instance that begins anew stays welcome; only its old token is over.
    const std::string_view instance_id = same_instance ? std::string_view() : old->info.instance_id();
    const std::uint8_t reclaims = check_.Judge(hello, known.get()).reclaims;  // 0 of another instance
    ending.ban = core::Banned{std::string(instance_id), BanName(*old), Cause::kSuperseded, reclaims};
    lifecycle_.End(known, std::move(ending), same_instance ? ReplacedError() : SupersededError(), effects);
  } else if (same_instance && old->state == State::kDead) {
    const core::Duration wrong_for = clock_.Wall() - old->state_time;
    lifecycle_.CountMistakenDeath(wrong_for);
    mistakes.Add(wrong_for);
  }
}

void Admission::Resume(const HelloRequest& hello, const std::shared_ptr<Session>& session,
                       std::uint64_t attachment, const AttachDone& done, Effects& effects) {
  const MonoTime now = clock_.Mono();
  SessionState& state = session->state();
  const RecordPtr before = state.record;
  if (state.stream != nullptr) effects.ends.push_back({std::move(state.stream), ReplacedError()});
  if (!hello.beside) EndStandbys(*session, ReplacedError(), effects);
  const bool held = ledger_.IsWelcomed(*session);
  if (Orphans::IsOrphan(*session)) state.extras->orphaned = false;

  const MonoTime vouched_until = deadlines_.VouchedUntil(*session, now);
  Bind(*session, hello, attachment, now);
  // A suspicion of another server's, or for our own absence, is no mistake of ours.
  if (before->state == State::kSuspect && held) {
    lifecycle_.CountMistake(*session, now - state.extras->suspect_since);
  }

  const core::PackedInfo info(hello.info);
  const auto threshold = static_cast<float>(hello.accrual_threshold.value_or(0));
  const bool changed = !held || before->state != State::kAlive || before->info != info ||
                       before->interval != hello.interval || before->timeout != hello.timeout ||
                       before->accrual_threshold != threshold || *before->server_id != *server_id_;
  ClientRecord after = *before;
  after.attachment = attachment;
  after.info = info;  // at least the attempt is another
  Attached attached = AnswerTo(hello, session, attachment, now);
  attached.resumed = before->incarnation != 0;
  // An earlier stream of the client asked for a longer timeout, or its path was worse: what was promised
  // there still holds.
  if (vouched_until > common::SaturatingAdd(now, attached.vouched_for)) {
    state.MakeExtras().vouched_until = vouched_until;
  }
  CommitDone welcome = Welcome(std::move(attached), done);
  if (changed) {
    after.server_id = server_id_;
    after.interval = hello.interval;
    after.timeout = hello.timeout;
    after.accrual_threshold = threshold;
    core::BecomeAlive(after);
    (void)stalls_.Restore(*session, after);
    ledger_.Decide(session, std::move(after), effects, held ? nullptr : std::move(welcome), !held);
  } else {
    // The same client on the same address: no transition, for nobody would care.
    ledger_.SetAttachment(session, std::make_shared<const ClientRecord>(std::move(after)));
  }
  // The session was welcomed before, so this welcome need not wait for the store.
  if (held) effects.dones.push_back({std::move(welcome), before});
  if (held || !session->is_pending()) {
    timers_.Arm(*session, deadlines_.NextCheck(*session, now), effects);
  } else {
    timers_.Cancel(*session);  // the session is watched from its welcome on
  }
}

void Admission::StandBy(HelloRequest hello, const std::shared_ptr<Session>& session, const AttachDone& done,
                        Effects& effects) {
  const MonoTime now = clock_.Mono();
  const RecordPtr record = session->record();
  SessionExtras& extras = session->state().MakeExtras();
  session->SetHeard(now);
  if (record->state == State::kSuspect) lifecycle_.Refute(session, effects);
  const std::uint64_t attachment = NextAttachment(*session);
  extras.last_attachment = attachment;
  Attached attached = AnswerTo(hello, session, attachment, now);
  attached.resumed = true;
  if (extras.standbys == nullptr) extras.standbys = std::make_shared<Standbys>();
  std::optional<Standby> oldest = extras.standbys->Add({attachment, std::move(hello)});
  if (oldest) effects.ends.push_back({std::move(oldest->hello.stream), ReplacedError()});
  effects.dones.push_back({Welcome(std::move(attached), done), record});
}

bool Admission::TakeStandby(const std::shared_ptr<Session>& session, std::uint64_t attachment,
                            Effects& effects) {
  const SessionExtras* extras = session->state().extras.get();
  if (extras == nullptr || extras->standbys == nullptr) return false;
  if (!session->is_local()) return false;
  const std::optional<Standby> standby = extras->standbys->Take(attachment);
  if (!standby) return false;
  Resume(
      standby->hello, session, attachment, [](const auto&) {}, effects);
  for (Standby& left : extras->standbys->TakeBelow(attachment)) {
    effects.ends.push_back({std::move(left.hello.stream), ReplacedError()});
  }
  return true;
}

void Admission::Bind(Session& session, const HelloRequest& hello, std::uint64_t attachment, MonoTime now) {
  SessionState& state = session.state();
  session.set_local(true);
  state.stream = hello.stream;
  state.keepalive = hello.keepalive;
  if (state.extras != nullptr) {
    state.extras->stream_end = core::StreamEnd::kNone;
    state.extras->look.reset();
  }
  state.probed_at = MonoTime::min();
  SetArrivals(state, hello);
  session.Bind(attachment, now);
}

Attached Admission::AnswerTo(const HelloRequest& hello, const std::shared_ptr<Session>& session,
                             std::uint64_t attachment, MonoTime now) const {
  std::shared_ptr<Arrivals> arrivals = ArrivalsOf(*session);
  const core::Duration due = arrivals == nullptr ? hello.timeout : arrivals->Vouch(now);
  const RecordPtr& record = session->record();  // null of a session that begins
  return {.session = session,
          .attachment = attachment,
          .resume_grace = options_.resume_grace,
          .stalled = record != nullptr && (record->health == Health::kStalled || Stalls::IsStalled(*session)),
          .arrivals = std::move(arrivals),
          .vouched_for = store_health_.Vouch(due, hello.timeout, now)};
}

}  // namespace liveness::registry
