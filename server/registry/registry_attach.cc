// How a stream gets its session: a new one, or its own again. See registry.h.
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

namespace {

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

void Registry::Attach(HelloRequest hello, std::function<void(absl::StatusOr<Attached>)> done) {
  Effects effects;
  absl::StatusOr<Attached> attached = [&]() -> absl::StatusOr<Attached> {
    MutexLock lock(mu_);
    const std::shared_ptr<Session> known = table_.Find(hello.info.client_id);
    if (absl::Status status = CheckHello(hello, known.get()); !status.ok()) return status;
    return Resumes(hello, known.get()) ? Resume(std::move(hello), known, effects)
                                       : Begin(std::move(hello), known, effects);
  }();
  CarryOut(effects);
  done(std::move(attached));
}

absl::Status Registry::CheckHello(const HelloRequest& hello, const Session* known) const {
  if (shutting_down_) {
    return common::Error(absl::StatusCode::kUnavailable, "DRAINING", "this server is going away");
  }
  const bool live = known != nullptr && core::IsLive(known->cold_.record->state);
  if (known != nullptr && known->cold_.extras != nullptr) {
    for (const Banned& banned : known->cold_.extras->banned) {
      const bool meant = (!banned.instance_id.empty() && banned.instance_id == hello.info.instance_id) ||
                         hello.resume_incarnation == banned.incarnation;
      if (meant) return banned.cause == Cause::kEvicted ? EvictedError() : SupersededError();
    }
  }
  if (live && known->cold_.record->info.principal() != hello.info.principal) {
    return common::Error(absl::StatusCode::kPermissionDenied, "PRINCIPAL_MISMATCH",
                         "this client_id is held by another principal");
  }
  if (!live && table_.counts().live() >= static_cast<std::int64_t>(options_.max_clients)) {
    return common::WithRetryDelay(
        common::Error(absl::StatusCode::kResourceExhausted, "TOO_MANY_CLIENTS",
                      common::StrCat("this server holds its most, ", options_.max_clients, " live clients")),
        kRetryWhenFull);
  }
  return absl::OkStatus();
}

bool Registry::Resumes(const HelloRequest& hello, const Session* known) const {
  if (known == nullptr || !hello.resume_incarnation) return false;
  const ClientRecord& record = *known->cold_.record;
  return core::IsLive(record.state) && record.incarnation == *hello.resume_incarnation &&
         record.info.instance_id() == hello.info.instance_id;
}

Attached Registry::Begin(HelloRequest hello, const std::shared_ptr<Session>& known, Effects& effects) {
  const MonoTime now = clock_.Mono();
  std::vector<Banned> banned;
  core::Mistakes mistakes;
  std::shared_ptr<Arrivals> arrivals;
  std::uint64_t attachment = 1;
  if (known != nullptr) {
    const RecordPtr old = known->cold_.record;
    const bool same_instance = old->info.instance_id() == hello.info.instance_id;
    if (core::IsLive(old->state)) {
      std::shared_ptr<core::Evidence> evidence = Gather(*known, now);
      // An instance that begins anew stays welcome; only its old token is over.
      known->cold_.Ban({std::string(same_instance ? std::string_view() : old->info.instance_id()),
                        old->incarnation, Cause::kSuperseded});
      EndSession(known, {State::kDead, Cause::kSuperseded, std::move(evidence)},
                 same_instance ? ReplacedError() : SupersededError(), effects);
    } else if (same_instance && old->state == State::kDead) {
      const core::Duration wrong_for = clock_.Wall() - old->state_time;
      scorecard_.mistaken_deaths.Add(wrong_for);
      mistakes.Add(wrong_for);
    }
    if (known->cold_.extras != nullptr) {
      arrivals = known->cold_.extras->arrivals;
      banned = std::move(known->cold_.extras->banned);
      mistakes += known->cold_.extras->mistakes;
    }
    attachment = old->attachment + 1;
    wheel_.Cancel(*known);
  }

  // new, not make_shared: its control block would cost a cache line of padding.
  const std::shared_ptr<Session> session(new Session());
  if (!banned.empty()) session->cold_.MakeExtras().banned = std::move(banned);
  if (arrivals != nullptr) session->cold_.MakeExtras().arrivals = std::move(arrivals);
  if (mistakes.count != 0) session->cold_.MakeExtras().mistakes = mistakes;
  if (known != nullptr) Inherit(known->cold_, clock_.Wall(), session->cold_);
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
  Transit(session, std::move(after), effects);
  Arm(*session, NextTurn(*session, now), effects);
  return {session, attachment, session->cold_.record->incarnation, options_.resume_grace,
          false,   false,      ArrivalsOf(session->cold_)};
}

Attached Registry::Resume(HelloRequest hello, const std::shared_ptr<Session>& session, Effects& effects) {
  const MonoTime now = clock_.Mono();
  SessionState& cold = session->cold_;
  const RecordPtr before = cold.record;
  if (cold.stream != nullptr) effects.ends.push_back({std::move(cold.stream), ReplacedError()});

  const std::uint64_t attachment = before->attachment + 1;
  Bind(*session, hello, attachment, now);
  if (before->state == State::kSuspect) CountMistake(*session, now - cold.extras->suspect_since);

  const core::PackedInfo info(hello.info);
  const auto threshold = static_cast<float>(hello.accrual_threshold.value_or(0));
  const bool changed = before->state != State::kAlive || before->info != info ||
                       before->interval != hello.interval || before->timeout != hello.timeout ||
                       before->accrual_threshold != threshold;
  ClientRecord after = *before;
  after.attachment = attachment;
  if (changed) {
    after.info = info;
    after.interval = hello.interval;
    after.timeout = hello.timeout;
    after.accrual_threshold = threshold;
    core::BecomeAlive(after);
    Transit(session, std::move(after), effects);
  } else {
    // The same client on the same address: nothing that anybody cares for.
    table_.SetRecord(session, std::make_shared<const ClientRecord>(std::move(after)));
  }
  Arm(*session, NextTurn(*session, now), effects);
  return {session,
          attachment,
          before->incarnation,
          options_.resume_grace,
          true,
          before->health == core::Health::kStalled,
          ArrivalsOf(session->cold_)};
}

void Registry::Bind(Session& session, const HelloRequest& hello, std::uint64_t attachment, MonoTime now) {
  session.cold_.stream = hello.stream;
  session.cold_.keepalive = hello.keepalive;
  if (session.cold_.extras != nullptr) {
    session.cold_.extras->stream_end = core::StreamEnd::kNone;
    session.cold_.extras->look.reset();
  }
  session.cold_.probed_at = MonoTime::min();
  SetArrivals(session.cold_, hello);
  session.last_heard_.store(now.time_since_epoch().count(), std::memory_order_seq_cst);
  session.suspected_.store(false, std::memory_order_seq_cst);
  session.attachment_.store(attachment, std::memory_order_seq_cst);
}

}  // namespace liveness::registry
