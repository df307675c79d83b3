// Clients that this server does not serve: other servers' (of a shared store), and those
// that nobody serves any more, because their server went or this one has just started.
//
// The latter, orphans, are SUSPECT (SERVER_LOST) for max(timeout, restart_grace), and DEAD
// (NOT_RETURNED) if they have not come to any server by then. In a cluster every server
// watches over them; the first in the order of their ids acts, the next only if it has not
// done so half a second later, and the store lets one of them win.
#include <algorithm>
#include <utility>

#include "common/status.h"
#include "common/strings.h"
#include "server/registry/effects.h"
#include "server/registry/instance_errors.h"
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
// Bounds what a restart asks of the store at once.
constexpr std::size_t kPendingAtMost = 50'000;
constexpr auto kPause = std::chrono::milliseconds(10);
constexpr auto kTurn = std::chrono::milliseconds(500);
constexpr auto kAskStoreEvery = std::chrono::milliseconds(100);
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
  if (session.local_) return true;
  if (!store_.shared()) return false;
  const std::string_view server = *session.cold_.record->server_id;
  if (server == options_.server_id) return false;  // of an earlier process of that name
  return servers_.empty() || std::binary_search(servers_.begin(), servers_.end(), server);
}

Duration Registry::OurTurn() const {
  if (!store_.shared()) return Duration::zero();
  const auto at = std::lower_bound(servers_.begin(), servers_.end(), options_.server_id);
  return kTurn * (at - servers_.begin());
}

void Registry::LookForOrphans(MonoTime now, Effects& effects) {
  if (!orphan_cursor_ || shutting_down_) return;
  const SessionTable::Sessions& sessions = table_.sessions();
  std::vector<std::shared_ptr<Session>> found;  // a transition changes the table
  auto at = sessions.upper_bound(*orphan_cursor_);
  for (std::size_t n = 0; at != sessions.end() && n < kLookedAtPerTick && pending_.size() < kPendingAtMost;
       ++n, ++at) {
    *orphan_cursor_ = std::string(at->first);
    const std::shared_ptr<Session>& session = at->second;
    if (!core::IsLive(session->cold_.record->state) || session->local_) continue;
    const bool orphaned = session->cold_.extras != nullptr && session->cold_.extras->orphaned;
    if (orphaned != !IsServed(*session)) found.push_back(session);
  }
  if (at == sessions.end()) {
    orphan_cursor_.reset();
  } else {
    next_tick_ = std::min(next_tick_, pending_.size() < kPendingAtMost ? now : now + kPause);
  }
  for (const auto& session : found) {
    if (!IsServed(*session)) {
      Orphan(session, now, effects);
    } else {
      session->cold_.extras->orphaned = false;  // its server is back
      wheel_.Cancel(*session);
    }
  }
}

void Registry::Orphan(const std::shared_ptr<Session>& session, MonoTime now, Effects& effects) {
  SessionExtras& extras = session->cold_.MakeExtras();
  extras.orphaned = true;
  extras.suspect_since = orphans_since_;
  session->last_heard_.store(orphans_since_.time_since_epoch().count(), std::memory_order_seq_cst);
  if (session->cold_.record->state == State::kSuspect) {
    Arm(*session, NextTurn(*session, now), effects);
  } else if (OurTurn() > Duration::zero()) {
    Arm(*session, now + OurTurn(), effects);
  } else {
    SuspectOrphan(session, now, effects);
  }
}

void Registry::SuspectOrphan(const std::shared_ptr<Session>& session, MonoTime now, Effects& effects) {
  ClientRecord after = *session->cold_.record;
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
  const RecordPtr& record = session->cold_.record;
  auto evidence = std::make_shared<core::Evidence>();
  if (record->evidence != nullptr) *evidence = *record->evidence;
  evidence->gather_time = clock_.Wall();
  const Cause cause = record->cause == Cause::kServerLost ? Cause::kNotReturned : record->cause;
  ++scorecard_.deaths;
  EndSession(session, {State::kDead, cause, std::move(evidence)}, absl::OkStatus(), effects);
}

void Registry::TakeForeign(const storage::Committed& change, Effects& effects) {
  const ClientRecord& after = *change.after;
  const bool forgotten = after.state == State::kForgotten;
  std::shared_ptr<Session> session = table_.Find(after.client_id());
  if (const auto at = pending_.find(common::ToAbsl(after.client_id())); at != pending_.end()) {
    PendingClient& pending = at->second;
    Append(pending.committed, change.after, change.time, effects);
    pending.committed = forgotten ? nullptr : change.after;
    if (forgotten) pending.committed_session = nullptr;
    if (!forgotten && pending.committed_session == nullptr) pending.committed_session.reset(new Session());
    // The store refuses what was built on the record before, after this.
    if (Stands(pending, after)) return Rebase(pending, after);
    Drop(pending, WhyLost(*session->cold_.record, after), effects);
    session = table_.Find(after.client_id());
    if (session != nullptr && session->local_) LoseSession(*session, after, effects);
  } else {
    if (session == nullptr && forgotten) return;
    Append(session == nullptr ? nullptr : session->cold_.record, change.after, change.time, effects);
    if (session == nullptr) session.reset(new Session());
    const bool ours = session->local_ && core::IsLive(after.state) &&
                      after.incarnation == session->cold_.record->incarnation &&
                      after.attachment <= session->cold_.record->attachment &&
                      *after.server_id == options_.server_id;
    if (session->local_ && !ours) LoseSession(*session, after, effects);
    if (forgotten) {
      wheel_.Cancel(*session);
      table_.Erase(session);
      return;
    }
    SetCommitted(session, change.after);
    if (ours) {
      // Others took us for gone; we are not, and neither is it.
      if (after.state == State::kSuspect && session->cold_.stream != nullptr) {
        ClientRecord alive = *session->cold_.record;
        BecomeAlive(alive);
        Transit(session, std::move(alive), effects);
      }
      return;
    }
  }
  if (session == nullptr) return;
  WatchOver(session, effects);
}

void Registry::WatchOver(const std::shared_ptr<Session>& session, Effects& effects) {
  const MonoTime now = clock_.Mono();
  const ClientRecord& record = *session->cold_.record;
  if (!core::IsLive(record.state)) {
    Arm(*session, ForgetAt(record), effects);
  } else if (IsServed(*session) || !serving_) {
    if (session->cold_.extras != nullptr) session->cold_.extras->orphaned = false;
    wheel_.Cancel(*session);
  } else if (session->cold_.extras != nullptr && session->cold_.extras->orphaned) {
    Arm(*session, NextTurn(*session, now), effects);
  } else {
    orphans_since_ = now;
    Orphan(session, now, effects);
  }
}

bool Registry::Stands(const PendingClient& pending, const ClientRecord& after) const {
  const ClientRecord& ours = *pending.waiting.front().after;
  if (ours.incarnation == 0) return true;  // begins: refused for good, which is told next
  const bool later = ours.attachment > after.attachment ||
                     (ours.attachment == after.attachment && *after.server_id == *ours.server_id);
  return core::IsLive(after.state) && ours.incarnation == after.incarnation && later;
}

void Registry::Rebase(PendingClient& pending, const ClientRecord& after) {
  for (Decision& each : pending.waiting) {
    auto rebased = std::make_shared<ClientRecord>(*each.after);
    rebased->annex = after.annex;
    const bool maintenance =
        after.health == core::Health::kMaintenance || rebased->health == core::Health::kMaintenance;
    if (maintenance) rebased->health = after.health;
    if (each.session->cold_.record == each.after) SetDecided(each.session, rebased);
    each.after = std::move(rebased);
  }
}

absl::Status Registry::WhyLost(const ClientRecord& ours, const ClientRecord& after) {
  if (after.cause == Cause::kEvicted) return EvictedError();
  if (after.info.instance_id() != ours.info.instance_id() || after.cause == Cause::kSuperseded) {
    return SupersededError();
  }
  if (core::IsLive(after.state)) return ReplacedError();
  return common::Error(absl::StatusCode::kDeadlineExceeded, "SILENT",
                       "another server gave this session up while this one was cut off");
}

void Registry::LoseSession(Session& session, const ClientRecord& after, Effects& effects) {
  SessionState& cold = session.cold_;
  session.local_ = false;
  session.attachment_.store(0, std::memory_order_seq_cst);
  session.suspected_.store(false, std::memory_order_seq_cst);
  if (cold.stream != nullptr) effects.ends.push_back({std::move(cold.stream), WhyLost(*cold.record, after)});
  cold.stream = nullptr;
  wheel_.Cancel(session);
}

void Registry::FollowStoreHealth(MonoTime now) {
  if (now - store_asked_at_ < kAskStoreEvery) return;
  store_asked_at_ = now;
  const bool fails = !store_.health().ok();
  // While it failed nobody could come back: they have their time from now on.
  if (store_fails_ && !fails) orphans_floor_ = now;
  store_fails_ = fails;
}

MonoTime Registry::ForgetAt(const ClientRecord& record) const {
  const Duration keep = record.state == State::kLeft ? options_.keep_left : options_.keep_dead;
  const Duration kept = std::clamp<Duration>(clock_.Wall() - record.state_time, Duration::zero(), keep);
  const bool ours = record.server_id == server_id_ || !store_.shared();
  return clock_.Mono() + (keep - kept) + (ours ? Duration::zero() : kTurn + OurTurn());
}

}  // namespace liveness::registry
