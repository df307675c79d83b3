// How a stream gets its session: a new one, or its own again. See registry.h.
#include <algorithm>
#include <utility>

#include "common/saturating.h"
#include "common/status.h"
#include "common/strings.h"
#include "server/core/record/hello_judgement.h"
#include "server/registry/records/effects.h"
#include "server/registry/records/instance_errors.h"
#include "server/registry/registry.h"

namespace liveness::registry {

using common::MutexLock;
using core::Cause;
using core::ClientRecord;
using core::MonoTime;
using core::RecordPtr;
using core::State;

namespace {

constexpr bool kWelcomes = true;
constexpr auto kRetryWhenFull = std::chrono::seconds(5);

std::shared_ptr<Arrivals> ArrivalsOf(const SessionState& state) {
  return state.extras == nullptr ? nullptr : state.extras->arrivals;
}

// What was learnt of a client's pings stays with it, unless it asks for something else.
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

std::string LostPast(std::uint64_t incarnation) {
  return common::StrCat("a client holds a session of revision ", incarnation,
                        ", of which the store knows nothing: the store is an "
                        "older state of itself, as after a snapshot of the disk or a loss of power. Sessions "
                        "of before this start "
                        "are not resumed, and new ones begin above");
}

// True for one of several hellos of a client whose session is over, another of which has begun the next one.
bool Joins(const HelloRequest& hello, const ClientRecord& record) {
  return hello.beside && hello.resume_incarnation && *hello.resume_incarnation < record.incarnation &&
         record.info.attempt() != 0 && hello.info.attempt > record.info.attempt();
}

// What is kept of a client beyond its session.
void Inherit(const SessionState& from, core::WallTime now, SessionState& to) {
  if (from.extras == nullptr) return;
  const SessionExtras& old = *from.extras;
  if (!old.flap.empty()) to.MakeExtras().flap = old.flap;
  if (old.detected_after > core::Duration::zero()) to.MakeExtras().detected_after = old.detected_after;
  if (to.extras == nullptr || to.extras->mistakes.count == 0) return;
  // Mistakes are counted over all its sessions, so their time is too.
  const core::WallTime until = core::IsLive(from.record->state) ? now : from.record->state_time;
  to.extras->known_before =
      old.known_before + std::max(core::Duration::zero(), until - from.record->register_time);
}

}  // namespace

void Registry::Attach(HelloRequest hello, AttachDone done) {
  Effects effects;
  absl::Status refused;
  {
    MutexLock lock(mu_);
    const std::shared_ptr<Session> known = table_.Find(hello.info.client_id);
    if (hello.resume_incarnation) HeedToken(*hello.resume_incarnation, effects);
    // A client's record bears its last incarnation: an authentic token names none above, however far the
    // store has come since, unless that one was lost.
    const bool outlived = known != nullptr && !known->is_pending() &&
                          hello.resume_incarnation <= history_.last() &&
                          hello.resume_incarnation > known->state().record->incarnation;
    if (outlived && !std::exchange(past_lost_, true)) {
      effects.notices.push_back(LostPast(*hello.resume_incarnation));
    }
    refused = CheckHello(hello, known.get());
    if (refused.ok()) {
      if (Resumes(hello, known.get())) {
        if (MayStandBy(hello, *known)) {
          StandBy(std::move(hello), known, std::move(done), effects);
        } else {
          Resume(std::move(hello), known, NextAttachment(*known), std::move(done), effects);
        }
      } else {
        Begin(std::move(hello), known, std::move(done), effects);
      }
    }
  }
  CarryOut(effects);
  if (!refused.ok()) done(std::move(refused));
}

void Registry::HeedToken(std::uint64_t incarnation, Effects& effects) {
  const bool unknown = incarnation > known_until_ && incarnation <= began_after_;
  if (incarnation <= history_.last() && !unknown) return;
  store_.OnLostRevision(incarnation);
  // Another server of a shared store may only be further than this one.
  if (store_.shared() || past_lost_) return;
  past_lost_ = true;
  effects.notices.push_back(LostPast(incarnation));
}

absl::Status Registry::CheckHello(const HelloRequest& hello, const Session* known) const {
  if (shutting_down_) {
    return common::Error(absl::StatusCode::kUnavailable, "DRAINING", "this server is going away");
  }
  const bool live = known != nullptr && core::IsLive(known->state().record->state);
  switch (Judge(hello, known).verdict) {
    case core::HelloVerdict::kTaken: break;
    case core::HelloVerdict::kStale: return StaleHelloError();
    case core::HelloVerdict::kSuperseded: return SupersededError();
    case core::HelloVerdict::kEvicted: return EvictedError();
  }
  if (live && known->state().record->info.principal() != hello.info.principal) {
    return common::Error(absl::StatusCode::kPermissionDenied, "PRINCIPAL_MISMATCH",
                         "this client_id is held by another principal");
  }
  if (!live && table_.counts().live() >= static_cast<std::int64_t>(options_.max_clients)) {
    return common::WithRetryDelay(
        common::Error(absl::StatusCode::kResourceExhausted, "TOO_MANY_CLIENTS",
                      common::StrCat("this server holds its most, ", options_.max_clients, " live clients")),
        kRetryWhenFull);
  }
  // To begin a session now would be to give out an incarnation below one that the client has had.
  if (store_.shared() && hello.resume_incarnation > history_.last()) {
    return common::Error(absl::StatusCode::kUnavailable, "STORE_UNAVAILABLE",
                         "this server has not yet been told of the session that the resume token names");
  }
  // A session that this server holds goes on without its store; what is new to it does not.
  const bool held = Resumes(hello, known) && (Holds(*known) || !store_.shared());
  if (!held) {
    if (const absl::Status health = store_.health(); !health.ok()) {
      return common::WithRetryDelay(
          common::Error(absl::StatusCode::kUnavailable, "STORE_UNAVAILABLE",
                        common::StrCat("no session can begin now: ", std::string(health.message()))),
          kRetryWhenFull);
    }
    if (known != nullptr && WaitsTooLong(*known)) {
      return common::WithRetryDelay(TooMuchWaitsError(), kRetryWhenFull);
    }
  }
  return absl::OkStatus();
}

core::HelloJudgement Registry::Judge(const HelloRequest& hello, const Session* known) const {
  if (known == nullptr) return {};
  const ClientRecord& record = *known->state().record;
  const bool heard = known->is_local() && core::IsLive(record.state) && known->last_sequence() != 0;
  return core::JudgeHello(hello.info, hello.resume_incarnation, record, heard);
}

bool Registry::Resumes(const HelloRequest& hello, const Session* known) const {
  if (known == nullptr) return false;
  const ClientRecord& record = *known->state().record;
  if (!core::IsLive(record.state) || record.info.instance_id() != hello.info.instance_id) return false;
  // An instance that lost patience with our store has no token yet: nothing of its was welcomed, so there is
  // nothing to supersede either.
  if (record.incarnation == 0) return true;
  if (past_lost_ && !known->is_local()) return false;
  return hello.resume_incarnation == record.incarnation || Joins(hello, record);
}

bool Registry::Holds(const Session& session) const {
  if (!session.is_local() || !session.is_pending()) return session.is_local();
  const auto& waiting = pending_.find(session.state().record->client_id())->second.waiting;
  return std::none_of(waiting.begin(), waiting.end(), [](const Decision& each) { return each.welcomes; });
}

std::uint64_t Registry::NextAttachment(const Session& session) {
  const std::uint64_t known = session.state().record->attachment;
  return std::max(known, session.state().extras == nullptr ? 0 : session.state().extras->last_attachment) + 1;
}

void Registry::Begin(HelloRequest hello, const std::shared_ptr<Session>& known, AttachDone done,
                     Effects& effects) {
  const MonoTime now = clock_.Mono();
  std::shared_ptr<const core::Annex> annex;
  core::Mistakes mistakes;
  std::shared_ptr<Arrivals> arrivals;
  std::uint64_t attachment = 1;
  if (known != nullptr) {
    const RecordPtr old = known->state().record;
    const bool same_instance = old->info.instance_id() == hello.info.instance_id;
    if (core::IsLive(old->state)) {
      std::shared_ptr<core::Evidence> evidence = Gather(*known, now);
      // An instance that begins anew stays welcome; only its old token is over.
      const std::string_view instance_id = same_instance ? std::string_view() : old->info.instance_id();
      Change change{State::kDead, Cause::kSuperseded, std::move(evidence)};
      change.ban = core::Banned{std::string(instance_id), BanName(*old), Cause::kSuperseded,
                                same_instance ? Judge(hello, known.get()).reclaims : std::uint8_t{0}};
      EndSession(known, std::move(change), same_instance ? ReplacedError() : SupersededError(), effects);
    } else if (same_instance && old->state == State::kDead) {
      const core::Duration wrong_for = clock_.Wall() - old->state_time;
      scorecard_.mistaken_deaths.Add(wrong_for);
      mistakes.Add(wrong_for);
    }
    annex = known->state().record->annex;
    if (known->state().extras != nullptr) {
      arrivals = known->state().extras->arrivals;
      mistakes += known->state().extras->mistakes;
    }
    attachment = NextAttachment(*known);
    timers_.Cancel(*known);
  }

  // new, not make_shared: its control block would cost a cache line of padding.
  const std::shared_ptr<Session> session(new Session());
  if (arrivals != nullptr) session->state().MakeExtras().arrivals = std::move(arrivals);
  if (mistakes.count != 0) session->state().MakeExtras().mistakes = mistakes;
  if (known != nullptr) Inherit(known->state(), clock_.Wall(), session->state());
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
  after.health = core::Health::kOk;
  if (annex != nullptr && annex->maintenance_until) after.health = core::Health::kMaintenance;
  after.annex = std::move(annex);
  Attached attached{session,
                    attachment,
                    0,
                    options_.resume_grace,
                    false,
                    false,
                    ArrivalsOf(session->state()),
                    VouchAtHello(*session, hello, now)};
  Transit(session, std::move(after), effects, Welcome(std::move(attached), std::move(done)), kWelcomes);
  // Otherwise it is watched from its welcome on.
  if (!session->is_pending()) timers_.Arm(*session, NextTurn(*session, now), effects);
}

CommitDone Registry::Welcome(Attached attached, AttachDone done) {
  return [attached = std::move(attached), done = std::move(done)](const absl::StatusOr<RecordPtr>& record) {
    if (!record.ok()) return done(record.status());
    Attached welcomed = attached;
    welcomed.incarnation = (*record)->incarnation;
    done(std::move(welcomed));
  };
}

void Registry::Resume(HelloRequest hello, const std::shared_ptr<Session>& session, std::uint64_t attachment,
                      AttachDone done, Effects& effects) {
  const MonoTime now = clock_.Mono();
  SessionState& cold = session->state();
  const RecordPtr before = cold.record;
  if (cold.stream != nullptr) effects.ends.push_back({std::move(cold.stream), ReplacedError()});
  if (!hello.beside) EndStandbys(*session, ReplacedError(), effects);
  const bool held = Holds(*session);
  const bool orphaned = cold.extras != nullptr && cold.extras->orphaned;
  if (orphaned) cold.extras->orphaned = false;

  const MonoTime vouched_until = VouchedUntil(*session, now);
  Bind(*session, hello, attachment, now);
  // A suspicion of another server's, or for our own absence, is no mistake of ours.
  if (before->state == State::kSuspect && held && !orphaned) {
    CountMistake(*session, now - cold.extras->suspect_since);
  }

  const core::PackedInfo info(hello.info);
  const auto threshold = static_cast<float>(hello.accrual_threshold.value_or(0));
  const bool changed = !held || before->state != State::kAlive || before->info != info ||
                       before->interval != hello.interval || before->timeout != hello.timeout ||
                       before->accrual_threshold != threshold || *before->server_id != *server_id_;
  ClientRecord after = *before;
  after.attachment = attachment;
  Attached attached{session,
                    attachment,
                    before->incarnation,
                    options_.resume_grace,
                    before->incarnation != 0,
                    before->health == core::Health::kStalled || IsStalled(*session),
                    ArrivalsOf(cold),
                    VouchAtHello(*session, hello, now)};
  // An earlier stream of it asked for more, or its path was worse: what was said then still holds.
  if (vouched_until > common::SaturatingAdd(now, attached.vouched_for)) {
    cold.MakeExtras().vouched_until = vouched_until;
  }
  after.info = info;  // at least the attempt is another
  if (changed) {
    after.server_id = server_id_;
    after.interval = hello.interval;
    after.timeout = hello.timeout;
    after.accrual_threshold = threshold;
    core::BecomeAlive(after);
    (void)RestoreStall(*session, after);
    if (held) {
      // It was welcomed before: this need not wait for the store.
      Transit(session, std::move(after), effects);
      effects.dones.push_back({Welcome(std::move(attached), std::move(done)), before});
    } else {
      Transit(session, std::move(after), effects, Welcome(std::move(attached), std::move(done)), kWelcomes);
    }
  } else {
    // The same client on the same address: nothing that anybody cares for.
    SetAttachment(session, std::make_shared<const ClientRecord>(std::move(after)));
    effects.dones.push_back({Welcome(std::move(attached), std::move(done)), before});
  }
  if (held || !session->is_pending()) {
    timers_.Arm(*session, NextTurn(*session, now), effects);
  } else {
    timers_.Cancel(*session);  // it is watched from its welcome on
  }
}

void Registry::SetAttachment(const std::shared_ptr<Session>& session, RecordPtr record) {
  if (session->is_pending()) {
    // What waits last for the store becomes the record again when it is committed.
    std::deque<Decision>& waiting = pending_.find(record->client_id())->second.waiting;
    if (!waiting.empty()) waiting.back().after = record;
  }
  table_.SetRecord(session, std::move(record));
}

core::Duration Registry::VouchAtHello(Session& session, const HelloRequest& hello, MonoTime now) const {
  const std::shared_ptr<Arrivals> arrivals = ArrivalsOf(session.state());
  return Vouch(arrivals == nullptr ? hello.timeout : arrivals->Vouch(now), hello.timeout, now);
}

void Registry::Bind(Session& session, const HelloRequest& hello, std::uint64_t attachment, MonoTime now) {
  session.set_local(true);
  session.state().stream = hello.stream;
  session.state().keepalive = hello.keepalive;
  if (session.state().extras != nullptr) {
    session.state().extras->stream_end = core::StreamEnd::kNone;
    session.state().extras->look.reset();
  }
  session.state().probed_at = MonoTime::min();
  SetArrivals(session.state(), hello);
  session.Bind(attachment, now);
}

}  // namespace liveness::registry
