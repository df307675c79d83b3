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
#include "server/registry/life/work_slice.h"
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
constexpr auto kTurn = std::chrono::milliseconds(500);
constexpr auto kAskStoreEvery = std::chrono::milliseconds(100);
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
    next_tick_ = effects.earlier_tick = orphans_since_;
  }
  CarryOut(effects);
}

void Registry::OnServers(const std::vector<std::string>& server_ids) {
  Effects effects;
  {
    MutexLock lock(mu_);
    servers_ = server_ids;
    std::sort(servers_.begin(), servers_.end());
    orphans_since_ = clock_.Mono();
    if (serving_) orphan_cursor_.emplace();
    next_tick_ = effects.earlier_tick = orphans_since_;
  }
  CarryOut(effects);
}

bool Registry::IsServed(const Session& session) const {
  if (session.is_local()) return true;
  if (!store_.shared()) return false;
  const std::string_view server = *session.state().record->server_id;
  if (server == options_.server_id) return false;  // of an earlier process of that name
  return servers_.empty() || std::binary_search(servers_.begin(), servers_.end(), server);
}

Duration Registry::OurTurn(const ClientRecord& record) const {
  // The others leave a server that is back what was its own.
  if (!store_.shared() || *record.server_id == options_.server_id) return Duration::zero();
  const auto at = std::lower_bound(servers_.begin(), servers_.end(), options_.server_id);
  return kTurn * (at - servers_.begin());
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
    if (orphaned != !IsServed(*session)) found.push_back(session);
  }
  if (at == sessions.end()) {
    orphan_cursor_.reset();
  } else {
    next_tick_ = std::min(next_tick_, now + (pending_.size() < kPendingAtMost ? WorkSlice::kPause : kPause));
  }
  for (const auto& session : found) {
    if (!IsServed(*session)) {
      Orphan(session, orphans_since_, OurTurn(*session->state().record), effects);
    } else {
      session->state().extras->orphaned = false;  // its server is back
      wheel_.Cancel(*session);
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
    Arm(*session, NextTurn(*session, now), effects);
  } else if (wait > Duration::zero()) {
    Arm(*session, now + wait, effects);
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
  Arm(*session, NextTurn(*session, now), effects);
}

void Registry::BuryOrphan(const std::shared_ptr<Session>& session, MonoTime now, Effects& effects) {
  if (store_fails_ && store_.shared()) {
    // Whoever wants to come back cannot either.
    Arm(*session, now + kWaitForStore, effects);
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
  if (orphaned && (!live || IsServed(*session))) session->state().extras->orphaned = false;
  if (!live) {
    Arm(*session, ForgetAt(record), effects);
  } else if (IsServed(*session) || !serving_) {
    wheel_.Cancel(*session);
  } else if (orphaned && record.state == State::kSuspect) {
    Arm(*session, NextTurn(*session, now), effects);
  } else {
    // Somebody who seems to be gone has just written this. Its time begins anew; and if it is there and only
    // has no lease, we do not dispute with it at the store's full speed.
    Orphan(session, now, kTurn + OurTurn(record), effects);
  }
}

void Registry::FollowStoreHealth(MonoTime now, Effects& effects) {
  if (now - store_asked_at_ < kAskStoreEvery) return;
  store_asked_at_ = now;
  using Kind = WitnessEvent::Kind;
  const bool seen = store_.seen();
  if (seen && store_.shared()) seen_at_.store(now.time_since_epoch().count(), std::memory_order_relaxed);
  if (seen == unseen_) {
    unseen_ = !unseen_;
    if (unseen_) unseen_since_ = now;
    effects.witness.push_back({unseen_ ? Kind::kUnseen : Kind::kSeen, now - unseen_since_, ""});
  }
  const absl::Status health = store_.health();
  const bool fails = !health.ok();
  if (fails == store_fails_) return;
  // While it failed nobody could come back to another server: they have their time from now on.
  if (!fails && store_.shared()) orphans_floor_ = now;
  if (fails) {
    store_failed_at_ = now;
    effects.witness.push_back({Kind::kStoreFails, {}, std::string(health.message())});
  } else {
    effects.witness.push_back({Kind::kStoreBack, now - store_failed_at_, ""});
  }
  store_fails_ = fails;
}

MonoTime Registry::ForgetAt(const ClientRecord& record) const {
  const Duration keep = record.state == State::kLeft ? options_.keep_left : options_.keep_dead;
  const Duration kept =
      std::clamp<Duration>(common::SaturatingSub(clock_.Wall(), record.state_time), Duration::zero(), keep);
  const bool ours = *record.server_id == options_.server_id || !store_.shared();
  const Duration turn = ours ? Duration::zero() : kTurn + OurTurn(record);
  // A wall clock that was wrong at the start must not have everybody forgotten who is dead: for an hour its
  // word alone is not enough.
  const Duration ran = clock_.Mono() - began_at_;
  const Duration left =
      std::max({keep - kept, std::min<Duration>(keep, kBelieveWallAfter) - ran, Duration::zero()});
  return common::SaturatingAdd(common::SaturatingAdd(clock_.Mono(), left), turn);
}

}  // namespace liveness::registry
