// What other servers of a shared store commit, and what becomes of our own decisions by it.
//
// A decision of ours stands, on top of what another server wrote, if it is about a client
// that is still where we thought it was, and does not rest on a belief that may just have
// been refuted. Else it is dropped: whoever waits for it may try again, and what it came
// from is looked at anew. The store refuses what was proposed on the record before; until
// it has said so, nothing else is proposed for that client.
#include <algorithm>
#include <optional>
#include <utility>

#include "common/status.h"
#include "server/registry/records/effects.h"
#include "server/registry/records/instance_errors.h"
#include "server/registry/registry.h"

namespace liveness::registry {

using core::Cause;
using core::ClientRecord;
using core::Health;
using core::RecordPtr;
using core::State;

namespace {

std::optional<core::WallTime> MaintenanceUntil(const ClientRecord& record) {
  return record.annex == nullptr ? std::nullopt : record.annex->maintenance_until;
}

// Their annex, the bans that we decided on, and our maintenance if we decided on that.
std::shared_ptr<const core::Annex> Merged(const std::shared_ptr<const core::Annex>& theirs,
                                          const std::shared_ptr<const core::Annex>& ours, bool maintains) {
  if (ours == nullptr || theirs == ours) return theirs;
  auto both = theirs == nullptr ? std::make_shared<core::Annex>() : std::make_shared<core::Annex>(*theirs);
  for (const core::Banned& banned : ours->banned) {
    if (std::find(both->banned.begin(), both->banned.end(), banned) == both->banned.end()) both->Ban(banned);
  }
  if (maintains) both->maintenance_until = ours->maintenance_until;
  return both;
}

}  // namespace

void Registry::TakeForeign(const storage::Committed& change, Effects& effects) {
  const ClientRecord& after = *change.after;
  const bool forgotten = after.state == State::kForgotten;
  std::shared_ptr<Session> session = table_.Find(after.client_id());
  const auto at = pending_.find(after.client_id());
  if (at != pending_.end() && !at->second.waiting.empty()) {
    PendingClient& pending = at->second;
    const bool stands = Stands(pending, after);
    const RecordPtr before = pending.committed;
    Append(before, change.after, change.time, effects);
    pending.committed = forgotten ? nullptr : change.after;
    if (forgotten) pending.committed_session = nullptr;
    if (!forgotten && pending.committed_session == nullptr) pending.committed_session.reset(new Session());
    // The store refuses what was proposed on the record before, after this.
    if (stands) return Rebase(pending, *before, after, effects);
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
    (void)RestoreStall(*session, alive);
    Transit(session, std::move(alive), effects);
  } else {
    TellHiddenStall(session, effects);
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
  return !IsBelief(&before, ours);
}

bool Registry::IsBelief(const ClientRecord* before, const ClientRecord& decided) const {
  if (before == nullptr || decided.state == before->state) return false;
  if (decided.state != State::kSuspect && decided.state != State::kDead) return false;
  if (decided.cause == Cause::kEvicted || decided.cause == Cause::kSuperseded) return false;
  if (decided.cause == Cause::kServerLost || decided.cause == Cause::kNotReturned) return true;
  return *decided.server_id != options_.server_id;
}

void Registry::Rebase(PendingClient& pending, const ClientRecord& before, const ClientRecord& after,
                      Effects& effects) {
  // What each was decided on, and what it comes to be on now.
  RecordPtr was = std::make_shared<ClientRecord>(before);
  RecordPtr base = std::make_shared<ClientRecord>(after);
  bool believed = false;
  for (auto at = pending.waiting.begin(); at != pending.waiting.end();) {
    Decision& each = *at;
    const RecordPtr ours = each.after;
    if (at != pending.waiting.begin() && !each.settled && IsBelief(was.get(), *ours)) {
      believed = true;
      was = ours;
      Redecide(each, base);
      at = pending.waiting.erase(at);
      continue;
    }
    auto rebased = std::make_shared<ClientRecord>(*ours);
    // What another server serves is as that one says, but for what we decided of it.
    const bool anothers = ours->incarnation == after.incarnation && *ours->server_id != options_.server_id;
    if (anothers) {
      *rebased = *base;
      if (ours->state != was->state) {
        rebased->state = ours->state;
        rebased->cause = ours->cause;
        rebased->evidence = ours->evidence;
      }
    }
    rebased->state_time = rebased->state == base->state ? base->state_time : each.time;
    const bool maintains = MaintenanceUntil(*ours) != MaintenanceUntil(*was);
    rebased->annex = Merged(base->annex, ours->annex, maintains);
    if (maintains) {
      rebased->health = ours->health;
    } else if (base->health == Health::kMaintenance) {
      rebased->health = Health::kMaintenance;
    } else if (rebased->health == Health::kMaintenance) {
      rebased->health = Health::kOk;
    }
    was = ours;
    base = rebased;
    Redecide(each, std::move(rebased));
    ++at;
  }
  const std::shared_ptr<Session> session = table_.Find(after.client_id());
  if (believed && !session->local_) WatchOver(session, effects);
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
  if (session.local_ && ours >= known) {
    std::uint64_t& last = session.cold_.MakeExtras().last_attachment;
    last = std::max(last, ours);
  }
  session.local_ = false;
  session.attachment_.store(0, std::memory_order_seq_cst);
  session.suspected_.store(false, std::memory_order_seq_cst);
}

void Registry::LoseSession(Session& session, const ClientRecord& after, Effects& effects) {
  SessionState& cold = session.cold_;
  Unbind(session, after.attachment);
  if (cold.stream != nullptr) effects.ends.push_back({std::move(cold.stream), WhyLost(*cold.record, after)});
  EndStandbys(session, WhyLost(*cold.record, after), effects);
  cold.stream = nullptr;
  wheel_.Cancel(session);
}

}  // namespace liveness::registry
