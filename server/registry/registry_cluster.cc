// Clients that this server does not serve: other servers' (of a shared store), and those
// that nobody serves any more, because their server went or this one has just started.
//
// The latter, orphans, are SUSPECT (SERVER_LOST) for max(timeout, restart_grace), and DEAD
// (NOT_RETURNED) if they have not come to any server by then. In a cluster every server
// watches over them; the first in the order of their ids acts, the next only if it has not
// done so half a second later, and the store lets one of them win.
#include <algorithm>
#include <utility>

#include "common/saturating.h"
#include "common/strings.h"
#include "server/registry/conditions/work_slice.h"
#include "server/registry/records/effects.h"
#include "server/registry/registry.h"

namespace liveness::registry {

using common::Duration;
using common::MutexLock;
using core::Cause;
using core::ClientRecord;
using core::MonoTime;
using core::RecordPtr;
using core::State;

namespace {

constexpr std::size_t kLookedAtPerTick = 2'000;
constexpr auto kPause = std::chrono::milliseconds(10);
constexpr Duration kBelieveWallAfter = std::chrono::hours(1);
constexpr auto kWaitForStore = std::chrono::seconds(1);

}  // namespace

void Registry::BeginServing() {
  Effects effects;
  {
    MutexLock lock(mu_);
    serving_ = true;
    orphans_since_ = clock_.Mono();
    orphan_cursor_.emplace();
    timers_.TickNow(orphans_since_, effects);
  }
  CarryOut(effects);
}

void Registry::OnServers(const std::vector<std::string>& server_ids) {
  Effects effects;
  {
    MutexLock lock(mu_);
    roster_.Set(server_ids);
    orphans_since_ = clock_.Mono();
    if (serving_) orphan_cursor_.emplace();
    timers_.TickNow(orphans_since_, effects);
  }
  CarryOut(effects);
}

void Registry::LookForOrphans(MonoTime now, Effects& effects) {
  if (!orphan_cursor_ || shutting_down_) return;
  const SessionTable::Sessions& sessions = table_.sessions();
  std::vector<std::shared_ptr<Session>> found;  // a transition changes the table
  auto at = sessions.upper_bound(*orphan_cursor_);
  WorkSlice slice(clock_, kLookedAtPerTick);
  for (; at != sessions.end() && found.size() < WorkSlice::kMost && pending_.size() < kPendingAtMost &&
         slice.Take();
       ++at) {
    *orphan_cursor_ = std::string(at->first);
    const std::shared_ptr<Session>& session = at->second;
    if (!core::IsLive(session->state().record->state) || session->is_local()) continue;
    const bool orphaned = session->state().extras != nullptr && session->state().extras->orphaned;
    if (orphaned != !roster_.IsServed(*session)) found.push_back(session);
  }
  if (at == sessions.end()) {
    orphan_cursor_.reset();
  } else {
    timers_.TickBy(now + (pending_.size() < kPendingAtMost ? WorkSlice::kPause : kPause));
  }
  for (const auto& session : found) {
    if (!roster_.IsServed(*session)) {
      Orphan(session, orphans_since_, roster_.TakeoverDelay(*session->state().record), effects);
    } else {
      session->state().extras->orphaned = false;  // its server is back
      timers_.Cancel(*session);
    }
  }
}

void Registry::Orphan(const std::shared_ptr<Session>& session, MonoTime since, Duration wait,
                      Effects& effects) {
  const MonoTime now = clock_.Mono();
  SessionExtras& extras = session->state().MakeExtras();
  extras.orphaned = true;
  extras.suspect_since = since;
  session->SetHeard(since);
  if (session->state().record->state == State::kSuspect) {
    timers_.Arm(*session, NextTurn(*session, now), effects);
  } else if (wait > Duration::zero()) {
    timers_.Arm(*session, now + wait, effects);
  } else {
    SuspectOrphan(session, now, effects);
  }
}

void Registry::SuspectOrphan(const std::shared_ptr<Session>& session, MonoTime now, Effects& effects) {
  ClientRecord after = *session->state().record;
  auto evidence = std::make_shared<core::Evidence>();
  evidence->gather_time = clock_.Wall();
  evidence->confidence = core::Confidence::kHigh;
  evidence->reason = common::StrCat("server ", *after.server_id, " no longer serves it");
  after.state = State::kSuspect;
  after.cause = Cause::kServerLost;
  after.evidence = std::move(evidence);
  Transit(session, std::move(after), effects);
  timers_.Arm(*session, NextTurn(*session, now), effects);
}

void Registry::BuryOrphan(const std::shared_ptr<Session>& session, MonoTime now, Effects& effects) {
  if (store_health_.fails() && store_.shared()) {
    // Whoever wants to come back cannot either.
    timers_.Arm(*session, now + kWaitForStore, effects);
    return;
  }
  // What was found before its server went stays the cause.
  const RecordPtr& record = session->state().record;
  auto evidence = std::make_shared<core::Evidence>();
  if (record->evidence != nullptr) *evidence = *record->evidence;
  evidence->gather_time = clock_.Wall();
  const Cause cause = record->cause == Cause::kServerLost ? Cause::kNotReturned : record->cause;
  ++scorecard_.deaths;
  EndSession(session, {State::kDead, cause, std::move(evidence)}, absl::OkStatus(), effects);
}

void Registry::WatchOver(const std::shared_ptr<Session>& session, Effects& effects) {
  const MonoTime now = clock_.Mono();
  const ClientRecord& record = *session->state().record;
  const bool live = core::IsLive(record.state);
  const bool orphaned = session->state().extras != nullptr && session->state().extras->orphaned;
  if (orphaned && (!live || roster_.IsServed(*session))) session->state().extras->orphaned = false;
  if (!live) {
    timers_.Arm(*session, ForgetAt(record), effects);
  } else if (roster_.IsServed(*session) || !serving_) {
    timers_.Cancel(*session);
  } else if (orphaned && record.state == State::kSuspect) {
    timers_.Arm(*session, NextTurn(*session, now), effects);
  } else {
    // Somebody who seems to be gone has just written this. Its time begins anew; and if it is there and only
    // has no lease, we do not dispute with it at the store's full speed.
    Orphan(session, now, Roster::kTurn + roster_.TakeoverDelay(record), effects);
  }
}

MonoTime Registry::ForgetAt(const ClientRecord& record) const {
  const Duration keep = record.state == State::kLeft ? options_.keep_left : options_.keep_dead;
  const Duration kept =
      std::clamp<Duration>(common::SaturatingSub(clock_.Wall(), record.state_time), Duration::zero(), keep);
  const Duration turn =
      roster_.IsOurs(record) ? Duration::zero() : Roster::kTurn + roster_.TakeoverDelay(record);
  // A wall clock that was wrong at the start must not have everybody forgotten who is dead: for an hour its
  // word alone is not enough.
  const Duration ran = clock_.Mono() - began_at_;
  const Duration left =
      std::max({keep - kept, std::min<Duration>(keep, kBelieveWallAfter) - ran, Duration::zero()});
  return common::SaturatingAdd(common::SaturatingAdd(clock_.Mono(), left), turn);
}

}  // namespace liveness::registry
