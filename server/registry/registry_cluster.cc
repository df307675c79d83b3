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

// Another server's annex, and the bans that we decided on.
std::shared_ptr<const core::Annex> WithBans(const std::shared_ptr<const core::Annex>& theirs,
                                            const std::shared_ptr<const core::Annex>& ours) {
  if (ours == nullptr || theirs == ours) return theirs;
  auto both = theirs == nullptr ? std::make_shared<core::Annex>() : std::make_shared<core::Annex>(*theirs);
  for (const core::Banned& banned : ours->banned) {
    if (std::find(both->banned.begin(), both->banned.end(), banned) == both->banned.end()) both->Ban(banned);
  }
  return both;
}

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
      Orphan(session, orphans_since_, OurTurn(*session->cold_.record), effects);
    } else {
      session->cold_.extras->orphaned = false;  // its server is back
      wheel_.Cancel(*session);
    }
  }
}

void Registry::Orphan(const std::shared_ptr<Session>& session, MonoTime since, Duration wait,
                      Effects& effects) {
  const MonoTime now = clock_.Mono();
  SessionExtras& extras = session->cold_.MakeExtras();
  extras.orphaned = true;
  extras.suspect_since = since;
  session->last_heard_.store(since.time_since_epoch().count(), std::memory_order_seq_cst);
  if (session->cold_.record->state == State::kSuspect) {
    Arm(*session, NextTurn(*session, now), effects);
  } else if (wait > Duration::zero()) {
    Arm(*session, now + wait, effects);
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
  const auto at = pending_.find(common::ToAbsl(after.client_id()));
  if (at != pending_.end() && !at->second.waiting.empty()) {
    PendingClient& pending = at->second;
    const bool stands = Stands(pending, after);
    Append(pending.committed, change.after, change.time, effects);
    pending.committed = forgotten ? nullptr : change.after;
    if (forgotten) pending.committed_session = nullptr;
    if (!forgotten && pending.committed_session == nullptr) pending.committed_session.reset(new Session());
    // The store refuses what was proposed on the record before, after this.
    if (stands) return Rebase(pending, after);
    return Drop(pending, WhyLost(*session->cold_.record, after), effects);
  }
  if (session == nullptr && forgotten) return;
  if (session == nullptr) session.reset(new Session());
  if (at != pending_.end()) {  // abandoned
    at->second.committed = forgotten ? nullptr : change.after;
    at->second.committed_session = forgotten ? nullptr : session;
    session->pending_ = !forgotten;
  }
  const RecordPtr before = session->cold_.record;  // null if it is new
  Append(before, change.after, change.time, effects);
  const bool ours = session->local_ && core::IsLive(after.state) &&
                    after.incarnation == before->incarnation && after.attachment <= before->attachment &&
                    *after.server_id == options_.server_id;
  if (session->local_ && !ours) LoseSession(*session, after, effects);
  if (forgotten) {
    wheel_.Cancel(*session);
    table_.Erase(session);
    return;
  }
  SetCommitted(session, change.after);
  if (!ours) return WatchOver(session, effects);
  // Others took us for gone; we are not, and what we know of it stands.
  if (after.state == State::kSuspect && before->state == State::kAlive) {
    ClientRecord alive = *session->cold_.record;
    BecomeAlive(alive);
    Transit(session, std::move(alive), effects);
  }
}

void Registry::WatchOver(const std::shared_ptr<Session>& session, Effects& effects) {
  const MonoTime now = clock_.Mono();
  const ClientRecord& record = *session->cold_.record;
  const bool live = core::IsLive(record.state);
  const bool orphaned = session->cold_.extras != nullptr && session->cold_.extras->orphaned;
  if (orphaned && (!live || IsServed(*session))) session->cold_.extras->orphaned = false;
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

bool Registry::Stands(const PendingClient& pending, const ClientRecord& after) const {
  const ClientRecord& ours = *pending.waiting.front().after;
  if (ours.incarnation == 0) return false;  // it begins, on a record that is no longer there
  const ClientRecord& before = *pending.committed;
  if (!core::IsLive(after.state) || after.incarnation != ours.incarnation) return false;
  // It has moved. Attachments do not tell who is right: a server gives out some that no transition tells of.
  if (*after.server_id != *before.server_id) return false;
  if (*ours.server_id != *before.server_id) return ours.attachment > after.attachment;  // it moves to us
  // What another server has just written may refute a belief; if it does not, we come to it again.
  return !IsBelief(ours);
}

bool Registry::IsBelief(const ClientRecord& decided) const {
  if (decided.state != State::kSuspect && decided.state != State::kDead) return false;
  if (decided.cause == Cause::kEvicted || decided.cause == Cause::kSuperseded) return false;
  if (decided.cause == Cause::kServerLost || decided.cause == Cause::kNotReturned) return true;
  return *decided.server_id != options_.server_id;
}

void Registry::Rebase(PendingClient& pending, const ClientRecord& after) {
  RecordPtr previous = std::make_shared<ClientRecord>(after);
  for (Decision& each : pending.waiting) {
    const ClientRecord& ours = *each.after;
    const bool anothers = ours.incarnation == after.incarnation && *ours.server_id != options_.server_id;
    // What another server serves is as that one says, but for what we decided of it.
    auto rebased = std::make_shared<ClientRecord>(anothers ? after : ours);
    rebased->state = ours.state;
    rebased->cause = ours.cause;
    rebased->evidence = ours.evidence;
    rebased->annex = WithBans(after.annex, ours.annex);
    rebased->state_time = ours.state == previous->state ? previous->state_time : each.time;
    const bool maintenance =
        after.health == core::Health::kMaintenance || rebased->health == core::Health::kMaintenance;
    if (maintenance) rebased->health = after.health;
    previous = rebased;
    Redecide(each, std::move(rebased));
  }
}

absl::Status Registry::WhyLost(const ClientRecord& ours, const ClientRecord& after) {
  if (after.cause == Cause::kEvicted) return EvictedError();
  if (after.cause == Cause::kSuperseded) {
    // The same instance began anew elsewhere: it stays welcome, and only its old token is over.
    const bool by_itself = after.annex != nullptr && !after.annex->banned.empty() &&
                           after.annex->banned.back().instance_id.empty();
    return by_itself ? ReplacedError() : SupersededError();
  }
  if (after.info.instance_id() != ours.info.instance_id()) return SupersededError();
  if (core::IsLive(after.state)) return ReplacedError();
  return common::Error(absl::StatusCode::kDeadlineExceeded, "SILENT",
                       "another server gave this session up while this one was cut off");
}

void Registry::Unbind(Session& session, std::uint64_t known) {
  const std::uint64_t ours = session.cold_.record->attachment;
  if (session.local_ && ours >= known) session.cold_.MakeExtras().last_attachment = ours;
  session.local_ = false;
  session.attachment_.store(0, std::memory_order_seq_cst);
  session.suspected_.store(false, std::memory_order_seq_cst);
}

void Registry::LoseSession(Session& session, const ClientRecord& after, Effects& effects) {
  SessionState& cold = session.cold_;
  Unbind(session, after.attachment);
  if (cold.stream != nullptr) effects.ends.push_back({std::move(cold.stream), WhyLost(*cold.record, after)});
  cold.stream = nullptr;
  wheel_.Cancel(session);
}

void Registry::FollowStoreHealth(MonoTime now, Effects& effects) {
  if (now - store_asked_at_ < kAskStoreEvery) return;
  store_asked_at_ = now;
  const absl::Status health = store_.health();
  const bool fails = !health.ok();
  if (fails == store_fails_) return;
  // While it failed nobody could come back to another server: they have their time from now on.
  if (!fails && store_.shared()) orphans_floor_ = now;
  using Kind = WitnessEvent::Kind;
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
  const Duration kept = std::clamp<Duration>(clock_.Wall() - record.state_time, Duration::zero(), keep);
  const bool ours = *record.server_id == options_.server_id || !store_.shared();
  return clock_.Mono() + (keep - kept) + (ours ? Duration::zero() : kTurn + OurTurn(record));
}

}  // namespace liveness::registry
