#include "server/registry/life/orphans.h"

#include <chrono>
#include <utility>

#include "common/strings.h"
#include "server/registry/conditions/work_slice.h"

namespace liveness::registry {

using common::Duration;
using core::Cause;
using core::ClientRecord;
using core::MonoTime;
using core::RecordPtr;
using core::State;

namespace {

constexpr std::size_t kLookedAtPerTick = 2'000;
constexpr auto kPauseWhileFull = std::chrono::milliseconds(10);
constexpr auto kWaitForStore = std::chrono::seconds(1);

}  // namespace

Orphans::Orphans(const common::Clock& clock, Conditions& conditions, Ledger& ledger,
                 const Deadlines& deadlines, Lifecycle& lifecycle)
    : clock_(clock),
      timers_(conditions.timers),
      store_health_(conditions.store_health),
      roster_(conditions.roster),
      ledger_(ledger),
      deadlines_(deadlines),
      lifecycle_(lifecycle) {}

void Orphans::BeginServing(Effects& effects) {
  serving_ = true;
  BeginSearch(effects);
}

void Orphans::SetServers(const std::vector<std::string>& server_ids, Effects& effects) {
  roster_.Set(server_ids);
  BeginSearch(effects);
}

void Orphans::BeginSearch(Effects& effects) {
  since_ = clock_.Mono();
  if (serving_) cursor_.emplace();
  timers_.TickNow(since_, effects);
}

void Orphans::Search(MonoTime now, Effects& effects) {
  if (!cursor_) return;
  const SessionTable::Sessions& sessions = ledger_.table().sessions();
  std::vector<std::shared_ptr<Session>> found;  // a decision changes the table
  auto at = sessions.upper_bound(*cursor_);
  WorkSlice slice(clock_, kLookedAtPerTick);
  for (; at != sessions.end() && found.size() < WorkSlice::kMost && !ledger_.IsFull() && slice.Take(); ++at) {
    *cursor_ = std::string(at->first);
    const std::shared_ptr<Session>& session = at->second;
    if (!core::IsLive(session->record()->state) || session->is_local()) continue;
    if (IsOrphan(*session) != !roster_.IsServed(*session)) found.push_back(session);
  }
  if (at == sessions.end()) {
    cursor_.reset();
  } else {
    timers_.TickBy(now + (ledger_.IsFull() ? kPauseWhileFull : WorkSlice::kPause));
  }
  for (const auto& session : found) {
    if (!roster_.IsServed(*session)) {
      MakeOrphan(session, since_, roster_.TakeoverDelay(*session->record()), effects);
    } else {
      session->state().extras->orphaned = false;  // its server is back
      timers_.Cancel(*session);
    }
  }
}

void Orphans::MakeOrphan(const std::shared_ptr<Session>& session, MonoTime since, Duration wait,
                         Effects& effects) {
  const MonoTime now = clock_.Mono();
  SessionExtras& extras = session->state().MakeExtras();
  extras.orphaned = true;
  extras.suspect_since = since;
  session->SetHeard(since);
  if (session->record()->state == State::kSuspect) {
    timers_.Arm(*session, deadlines_.NextCheck(*session, now), effects);
  } else if (wait > Duration::zero()) {
    timers_.Arm(*session, now + wait, effects);
  } else {
    Suspect(session, now, effects);
  }
}

void Orphans::Suspect(const std::shared_ptr<Session>& session, MonoTime now, Effects& effects) {
  ClientRecord after = *session->record();
  auto evidence = std::make_shared<core::Evidence>();
  evidence->gather_time = clock_.Wall();
  evidence->confidence = core::Confidence::kHigh;
  evidence->reason = common::StrCat("server ", *after.server_id, " no longer serves it");
  after.state = State::kSuspect;
  after.cause = Cause::kServerLost;
  after.evidence = std::move(evidence);
  ledger_.Decide(session, std::move(after), effects);
  timers_.Arm(*session, deadlines_.NextCheck(*session, now), effects);
}

void Orphans::Bury(const std::shared_ptr<Session>& session, MonoTime now, Effects& effects) {
  if (store_health_.fails() && store_health_.shared()) {
    // A client that wants to come back cannot either.
    timers_.Arm(*session, now + kWaitForStore, effects);
    return;
  }
  // What was found before its server went stays the cause.
  const RecordPtr& record = session->record();
  auto evidence = std::make_shared<core::Evidence>();
  if (record->evidence != nullptr) *evidence = *record->evidence;
  evidence->gather_time = clock_.Wall();
  const Cause cause = record->cause == Cause::kServerLost ? Cause::kNotReturned : record->cause;
  lifecycle_.CountDeath();
  lifecycle_.End(session, {State::kDead, cause, std::move(evidence)}, absl::OkStatus(), effects);
}

void Orphans::ArmUnserved(const std::shared_ptr<Session>& session, Effects& effects) {
  const MonoTime now = clock_.Mono();
  const ClientRecord& record = *session->record();
  const bool live = core::IsLive(record.state);
  const bool orphaned = IsOrphan(*session);
  if (orphaned && (!live || roster_.IsServed(*session))) session->state().extras->orphaned = false;
  if (!live) {
    timers_.Arm(*session, deadlines_.ForgetAt(record), effects);
  } else if (roster_.IsServed(*session) || !serving_) {
    timers_.Cancel(*session);
  } else if (orphaned && record.state == State::kSuspect) {
    timers_.Arm(*session, deadlines_.NextCheck(*session, now), effects);
  } else {
    // A server that seems to be gone has just written this. The client's time begins anew; and if that server
    // is there and only has no lease, we do not dispute with it at the store's full speed.
    MakeOrphan(session, now, Roster::kTurn + roster_.TakeoverDelay(record), effects);
  }
}

}  // namespace liveness::registry
