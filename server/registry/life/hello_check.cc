#include "server/registry/life/hello_check.h"

#include <chrono>
#include <string>
#include <utility>

#include "common/status.h"
#include "common/strings.h"
#include "server/core/record/ownership.h"
#include "server/registry/records/instance_errors.h"
#include "server/registry/records/standbys.h"

namespace liveness::registry {

using core::ClientRecord;

namespace {

constexpr auto kRetryWhenFull = std::chrono::seconds(5);

// A client whose session is over may send several hellos. True if another of them has begun the next session,
// and this one joins that.
bool Joins(const HelloRequest& hello, const ClientRecord& record) {
  return hello.beside && hello.resume_incarnation && *hello.resume_incarnation < record.incarnation &&
         record.info.attempt() != 0 && hello.info.attempt > record.info.attempt();
}

}  // namespace

HelloCheck::HelloCheck(const RegistryOptions& options, storage::Store& store,
                       const storage::Contents& contents, Conditions& conditions, const Ledger& ledger,
                       const Lifecycle& lifecycle)
    : options_(options),
      store_(store),
      store_health_(conditions.store_health),
      ledger_(ledger),
      lifecycle_(lifecycle),
      known_until_(contents.last_known == 0 ? contents.revision : contents.last_known),
      began_after_(contents.revision) {}

absl::StatusOr<HelloAnswer> HelloCheck::Check(const HelloRequest& hello, const Session* known,
                                              Effects& effects) {
  // Before anything else, because what a stranger says of the client changes nothing.
  const bool is_owned = known != nullptr && known->record()->state != core::State::kForgotten;
  if (is_owned && !core::MayOwn(known->record()->info.principal(), hello.info.principal)) {
    return common::Error(absl::StatusCode::kPermissionDenied, "PRINCIPAL_MISMATCH",
                         "this client_id belongs to another principal for as long as its record lives; an "
                         "operator can free it: livenessctl evict ID --forget");
  }
  if (hello.resume_incarnation) HeedToken(*hello.resume_incarnation, known, effects);
  const bool resumes = Resumes(hello, known);
  if (absl::Status refused = Refusal(hello, known, resumes); !refused.ok()) return refused;
  if (!resumes) return HelloAnswer::kBegins;
  return MayStandBy(hello, *known) ? HelloAnswer::kStandsBy : HelloAnswer::kResumes;
}

void HelloCheck::HeedToken(std::uint64_t incarnation, const Session* known, Effects& effects) {
  const std::uint64_t last = ledger_.history().last();
  const bool unknown = incarnation > known_until_ && incarnation <= began_after_;
  if (incarnation > last || unknown) {
    store_.OnLostRevision(incarnation);
    // Another server of a shared store may only be further than this one.
    if (!store_health_.shared()) NotePastLost(incarnation, effects);
  }
  // A client's record bears its last incarnation: an authentic token names none above, however far the
  // store has come since, unless that one was lost.
  const bool outlived = known != nullptr && !known->is_pending() && incarnation <= last &&
                        incarnation > known->record()->incarnation;
  if (outlived) NotePastLost(incarnation, effects);
}

void HelloCheck::NotePastLost(std::uint64_t incarnation, Effects& effects) {
  if (std::exchange(past_lost_, true)) return;
  effects.notices.push_back(
      common::StrCat("a client holds a session of revision ", incarnation,
                     ", of which the store knows nothing: the store is an "
                     "older state of itself, as after a snapshot of the disk or a loss of power. Sessions "
                     "of before this start "
                     "are not resumed, and new ones begin above"));
}

core::HelloJudgement HelloCheck::Judge(const HelloRequest& hello, const Session* known) const {
  if (known == nullptr) return {};
  const ClientRecord& record = *known->record();
  const bool heard = known->is_local() && known->last_sequence() != 0;
  return core::JudgeHello(hello.info, hello.resume_incarnation, record, heard);
}

bool HelloCheck::Resumes(const HelloRequest& hello, const Session* known) const {
  if (known == nullptr) return false;
  const ClientRecord& record = *known->record();
  if (!core::IsLive(record.state) || record.info.instance_id() != hello.info.instance_id) return false;
  // An instance that lost patience with our store has no token yet, because no stream of it was welcomed; so
  // there is nothing to supersede either.
  if (record.incarnation == 0) return true;
  if (past_lost_ && !known->is_local()) return false;
  return hello.resume_incarnation == record.incarnation || Joins(hello, record);
}

absl::Status HelloCheck::Refusal(const HelloRequest& hello, const Session* known, bool resumes) const {
  if (lifecycle_.shutting_down()) {
    return common::Error(absl::StatusCode::kUnavailable, "DRAINING", "this server is going away");
  }
  switch (Judge(hello, known).verdict) {
    case core::HelloVerdict::kTaken: break;
    case core::HelloVerdict::kStale: return StaleHelloError();
    case core::HelloVerdict::kSuperseded: return SupersededError();
    case core::HelloVerdict::kEvicted: return EvictedError();
  }
  const bool live = known != nullptr && core::IsLive(known->record()->state);
  const std::int64_t lives = ledger_.table().counts().live();
  if (!live && lives >= static_cast<std::int64_t>(options_.max_clients)) {
    return common::WithRetryDelay(
        common::Error(absl::StatusCode::kResourceExhausted, "TOO_MANY_CLIENTS",
                      common::StrCat("this server holds its most, ", options_.max_clients, " live clients")),
        kRetryWhenFull);
  }
  // To begin a session now would be to give out an incarnation below one that the client has had.
  if (store_health_.shared() && hello.resume_incarnation > ledger_.history().last()) {
    return common::Error(absl::StatusCode::kUnavailable, "STORE_UNAVAILABLE",
                         "this server has not yet been told of the session that the resume token names");
  }
  // A session that this server holds goes on without its store; what is new to this server does not.
  const bool held = resumes && (ledger_.IsWelcomed(*known) || !store_health_.shared());
  return held ? absl::OkStatus() : StoreRefusal(known);
}

absl::Status HelloCheck::StoreRefusal(const Session* known) const {
  if (const absl::Status health = store_health_.AskStore(); !health.ok()) {
    return common::WithRetryDelay(
        common::Error(absl::StatusCode::kUnavailable, "STORE_UNAVAILABLE",
                      common::StrCat("no session can begin now: ", std::string(health.message()))),
        kRetryWhenFull);
  }
  if (known != nullptr && ledger_.WaitsTooLong(*known)) {
    return common::WithRetryDelay(TooMuchWaitsError(), kRetryWhenFull);
  }
  return absl::OkStatus();
}

bool HelloCheck::MayStandBy(const HelloRequest& hello, const Session& session) const {
  const ClientRecord& record = *session.record();
  // The hello must ask for what holds already, because pings of its stream are measured and answered by that
  // from the first.
  const SessionExtras* extras = session.state().extras.get();
  const bool others = extras != nullptr && extras->standbys != nullptr && !extras->standbys->empty();
  return hello.beside && (session.state().stream != nullptr || others) && record.incarnation != 0 &&
         ledger_.IsWelcomed(session) && record.interval == hello.interval &&
         record.timeout == hello.timeout &&
         record.accrual_threshold == static_cast<float>(hello.accrual_threshold.value_or(0));
}

}  // namespace liveness::registry
