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
#include "server/core/record/rebase.h"
#include "server/registry/records/effects.h"
#include "server/registry/records/instance_errors.h"
#include "server/registry/registry.h"

namespace liveness::registry {

using core::Cause;
using core::ClientRecord;
using core::RecordPtr;
using core::State;

void Registry::TakeForeign(const storage::Committed& change, Effects& effects) {
  const ClientRecord& after = *change.after;
  const bool forgotten = after.state == State::kForgotten;
  std::shared_ptr<Session> session = table_.Find(after.client_id());
  const auto at = pending_.find(after.client_id());
  if (at != pending_.end() && !at->second.waiting.empty()) {
    PendingClient& pending = at->second;
    const RecordPtr before = pending.committed;
    const bool stands = before != nullptr &&
                        core::StillHolds(*pending.waiting.front().after, *before, after, options_.server_id);
    Append(before, change.after, change.time, effects);
    pending.committed = forgotten ? nullptr : change.after;
    if (forgotten) pending.committed_session = nullptr;
    if (!forgotten && pending.committed_session == nullptr) pending.committed_session.reset(new Session());
    // The store refuses what was proposed on the record before, after this.
    if (stands) return Rebase(pending, before, change.after, effects);
    return Drop(pending, WhyLost(*session->state().record, after), effects);
  }
  if (session == nullptr && forgotten) return;
  if (session == nullptr) session.reset(new Session());
  if (at != pending_.end()) {  // abandoned
    at->second.committed = forgotten ? nullptr : change.after;
    at->second.committed_session = forgotten ? nullptr : session;
    session->set_pending(!forgotten);
  }
  const RecordPtr before = session->state().record;  // null if it is new
  Append(before, change.after, change.time, effects);
  const bool ours = session->is_local() && core::IsLive(after.state) &&
                    after.incarnation == before->incarnation && after.attachment <= before->attachment &&
                    *after.server_id == options_.server_id;
  if (session->is_local() && !ours) LoseSession(*session, after, effects);
  if (forgotten) {
    timers_.Cancel(*session);
    table_.Erase(session);
    return;
  }
  SetCommitted(session, change.after);
  if (!ours) return WatchOver(session, effects);
  // Others took us for gone; we are not, and what we know of it stands.
  if (after.state == State::kSuspect && before->state == State::kAlive) {
    ClientRecord alive = *session->state().record;
    BecomeAlive(alive);
    (void)RestoreStall(*session, alive);
    Transit(session, std::move(alive), effects);
  } else {
    TellHiddenStall(session, effects);
  }
}

void Registry::Rebase(PendingClient& pending, const RecordPtr& before, const RecordPtr& theirs,
                      Effects& effects) {
  // What each was decided on, and what it comes to be on now.
  RecordPtr was = before;
  RecordPtr base = theirs;
  bool believed = false;
  for (auto at = pending.waiting.begin(); at != pending.waiting.end();) {
    Decision& each = *at;
    const RecordPtr ours = each.after;
    if (at != pending.waiting.begin() && !each.on_committed &&
        core::IsBelief(was.get(), *ours, options_.server_id)) {
      believed = true;
      was = ours;
      Redecide(each, base);
      at = pending.waiting.erase(at);
      continue;
    }
    base = std::make_shared<const ClientRecord>(
        core::Rebase(*ours, each.time, *was, *base, *theirs, options_.server_id));
    was = ours;
    Redecide(each, base);
    ++at;
  }
  const std::shared_ptr<Session> session = table_.Find(theirs->client_id());
  if (believed && !session->is_local()) WatchOver(session, effects);
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
  const std::uint64_t ours = session.state().record->attachment;
  if (session.is_local() && ours >= known) {
    std::uint64_t& last = session.state().MakeExtras().last_attachment;
    last = std::max(last, ours);
  }
  session.set_local(false);
  session.Unbind();
  session.SetSuspected(false);
}

void Registry::LoseSession(Session& session, const ClientRecord& after, Effects& effects) {
  SessionState& cold = session.state();
  Unbind(session, after.attachment);
  if (cold.stream != nullptr) effects.ends.push_back({std::move(cold.stream), WhyLost(*cold.record, after)});
  EndStandbys(session, WhyLost(*cold.record, after), effects);
  cold.stream = nullptr;
  timers_.Cancel(session);
}

}  // namespace liveness::registry
