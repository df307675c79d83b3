#include "server/registry/ledger/ledger.h"

#include <chrono>
#include <utility>

#include "common/saturating.h"
#include "server/core/record/rebase.h"
#include "server/registry/records/flapping.h"
#include "server/registry/records/instance_errors.h"
#include "server/registry/records/session_streams.h"

namespace liveness::registry {

using core::ClientRecord;
using core::MonoTime;
using core::RecordPtr;
using core::State;

namespace {

// How long other servers leave the end of a maintenance to the one that serves the client.
constexpr auto kOthersTurn = std::chrono::seconds(2);

}  // namespace

Ledger::Ledger(const RegistryOptions& options, const common::Clock& clock, storage::Store& store,
               std::uint64_t revision, Conditions& conditions, LedgerListener& listener)
    : options_(options),
      clock_(clock),
      store_(store),
      timers_(conditions.timers),
      falls_(conditions.falls),
      maintenance_(conditions.maintenance),
      roster_(conditions.roster),
      store_health_(conditions.store_health),
      figures_(conditions.figures),
      listener_(listener),
      table_(options.count_labels),
      history_(revision, options.max_history),
      observed_until_(clock.Mono()) {}

std::shared_ptr<Session> Ledger::Load(RecordPtr record) {
  const std::shared_ptr<Session> session(new Session());
  Effects untold;  // there is nobody yet to tell
  FollowMaintenance(*record);
  (void)falls_.Count(nullptr, *record, clock_.Wall(), clock_.Mono(), untold);
  table_.SetRecord(session, std::move(record));
  return session;
}

const PendingClient& Ledger::PendingOf(const Session& session) const {
  return pending_.find(session.record()->client_id())->second;
}

RecordPtr Ledger::VisibleRecord(const Session& session, bool committed) const {
  if (!session.is_pending()) return session.record();
  // Without its store this server's own truth is the best there is.
  if (store_health_.fails() && !committed) {
    const RecordPtr& ours = session.record();
    return ours->state == State::kForgotten ? nullptr : ours;
  }
  return PendingOf(session).committed();
}

bool Ledger::IsWelcomed(const Session& session) const {
  if (!session.is_local() || !session.is_pending()) return session.is_local();
  return !PendingOf(session).WelcomesSomebody();
}

bool Ledger::WaitsTooLong(const Session& session) const {
  return session.is_pending() && PendingOf(session).WaitsTooLong();
}

void Ledger::CountObserved(MonoTime now) {
  observed_seconds_ += static_cast<double>(table_.counts().live()) *
                       std::chrono::duration<double>(now - observed_until_).count();
  observed_until_ = now;
}

void Ledger::Decide(const std::shared_ptr<Session>& session, ClientRecord after, Effects& effects,
                    CommitDone on_committed, bool welcomes) {
  const std::shared_ptr<Session> known = table_.Find(after.client_id());
  const RecordPtr before = known == nullptr ? nullptr : known->record();
  const core::WallTime wall = clock_.Wall();
  const MonoTime now = clock_.Mono();
  CountObserved(now);
  if (before == nullptr || before->state != after.state) after.state_time = wall;
  MarkFlapping(*session, before.get(), after, now, options_.flap);
  const RecordPtr decided = std::make_shared<const ClientRecord>(std::move(after));

  const bool may_wait = known == nullptr || known->is_pending();
  auto at = may_wait ? pending_.find(decided->client_id()) : pending_.end();
  if (at == pending_.end()) {
    const std::uint64_t proposal = next_proposal_++;
    const RecordPtr committed = store_.Propose({proposal, before, decided, wall});
    if (committed != nullptr) {
      if (committed->state == State::kForgotten) {
        table_.Erase(known);
      } else {
        table_.SetRecord(session, committed);
      }
      figures_.commit_times.Add(core::Duration::zero());
      Append(before, committed, wall, effects);
      if (on_committed) effects.dones.push_back({std::move(on_committed), committed});
      return;
    }
    at = pending_.try_emplace(std::string(decided->client_id()), before, known).first;
    at->second.SetProposal(proposal, now);
    under_way_[proposal] = at;
  }
  at->second.Add({session, decided, wall, std::move(on_committed), welcomes});
  table_.SetRecord(session, decided);
  session->set_pending(true);
}

void Ledger::SetAttachment(const std::shared_ptr<Session>& session, RecordPtr record) {
  // What waits last for the store becomes the record again when it is committed.
  if (session->is_pending()) pending_.find(record->client_id())->second.ReplaceLast(record);
  table_.SetRecord(session, std::move(record));
}

void Ledger::Append(RecordPtr before, RecordPtr after, core::WallTime time, Effects& effects) {
  core::GroupEventsPtr groups = falls_.Count(before.get(), *after, time, clock_.Mono(), effects);
  AppendCounted(std::move(before), std::move(after), time, std::move(groups), effects);
}

void Ledger::AppendCounted(RecordPtr before, RecordPtr after, core::WallTime time,
                           core::GroupEventsPtr groups, Effects& effects) {
  FollowMaintenance(*after);
  figures_.CountTransition(before.get(), *after);
  history_.Append(std::make_shared<const core::Transition>(
      core::Transition{std::move(before), std::move(after), time, std::move(groups)}));
  effects.publish = true;
}

void Ledger::FollowMaintenance(const ClientRecord& after) {
  const bool has_one = after.state != State::kForgotten && after.annex != nullptr &&
                       after.annex->maintenance_until.has_value();
  if (!has_one) return maintenance_.Set(after.client_id(), std::nullopt);
  const core::Duration delay =
      roster_.IsOurs(after) ? core::Duration::zero() : kOthersTurn + roster_.TakeoverDelay(after);
  maintenance_.Set(after.client_id(), common::SaturatingAdd(*after.annex->maintenance_until, delay));
}

void Ledger::CountFall(core::Transition& change, Effects& effects) {
  const auto at = pending_.find(change.after->client_id());
  if (at == pending_.end() || at->second.abandoned()) return;
  PendingClient& pending = at->second;
  // Once, however often the store tries.
  if (!pending.is_counted()) {
    pending.SetCounted(falls_.Count(change.before.get(), *change.after, change.time, clock_.Mono(), effects));
  }
  change.groups = core::UnderRevision(pending.groups(), change.after->revision);
}

void Ledger::TakeCommitted(const storage::Committed& change, Effects& effects) {
  const auto at = pending_.find(change.after->client_id());
  const bool ours = change.proposal != 0 && at != pending_.end() && at->second.proposal() == change.proposal;
  if (ours && !at->second.abandoned()) return TakeOurs(at, change, effects);
  TakeForeign(change, effects);
  if (!ours) return;
  // The store has committed a proposal that we had abandoned, because the client's record has become
  // again what the proposal was made on (both times none, say).
  under_way_.erase(change.proposal);
  ProposeNext(at, effects);
}

void Ledger::TakeOurs(Pending::iterator at, const storage::Committed& change, Effects& effects) {
  PendingClient& pending = at->second;
  under_way_.erase(pending.proposal());
  figures_.commit_times.Add(clock_.Mono() - pending.proposed_at());
  const Decision decision = pending.TakeFirst();
  if (pending.is_counted()) {
    AppendCounted(pending.committed(), change.after, change.time,
                  core::UnderRevision(pending.groups(), change.after->revision), effects);
  } else {
    Append(pending.committed(), change.after, change.time, effects);
  }
  const bool forgotten = change.after->state == State::kForgotten;
  pending.SetCommitted(forgotten ? nullptr : change.after, forgotten ? nullptr : decision.session);
  if (decision.on_committed) effects.dones.push_back({decision.on_committed, change.after});

  const std::shared_ptr<Session>& session = decision.session;
  if (!pending.waiting().empty()) {
    if (decision.after->incarnation == 0) {
      pending.AssignIncarnation(decision, change.after->incarnation, table_);
    }
    ProposeNext(at, effects);
  } else {
    session->set_pending(false);
    if (forgotten) {
      table_.Erase(session);
    } else {
      SetCommitted(session, change.after);
    }
    pending_.erase(at);
    if (!forgotten) listener_.OnAllCommitted(session, effects);
  }
  if (decision.welcomes && IsWelcomed(*session)) listener_.OnWelcomed(session, effects);
  if (!core::IsLive(change.after->state)) listener_.OnEndCommitted(effects);
}

void Ledger::TakeForeign(const storage::Committed& change, Effects& effects) {
  const ClientRecord& after = *change.after;
  const bool forgotten = after.state == State::kForgotten;
  const auto at = pending_.find(after.client_id());
  if (at != pending_.end() && !at->second.waiting().empty())
    return TakeForeignWhileWaiting(at->second, change, effects);
  std::shared_ptr<Session> session = table_.Find(after.client_id());
  if (session == nullptr && forgotten) return;
  if (session == nullptr) session.reset(new Session());
  if (at != pending_.end()) {  // abandoned
    at->second.SetCommitted(forgotten ? nullptr : change.after, forgotten ? nullptr : session);
    session->set_pending(!forgotten);
  }
  const RecordPtr before = session->record();  // null if it is new
  Append(before, change.after, change.time, effects);
  const bool ours = session->is_local() && core::IsLive(after.state) &&
                    after.incarnation == before->incarnation && after.attachment <= before->attachment &&
                    *after.server_id == options_.server_id;
  if (session->is_local() && !ours) {
    LoseStreams(*session, after.attachment, WhyLost(*before, after), effects);
    timers_.Cancel(*session);
  }
  if (forgotten) {
    timers_.Cancel(*session);
    table_.Erase(session);
    return;
  }
  SetCommitted(session, change.after);
  if (!ours) return listener_.OnForeignSession(session, effects);
  listener_.OnOwnSessionWritten(session, *before, effects);
}

void Ledger::TakeForeignWhileWaiting(PendingClient& pending, const storage::Committed& change,
                                     Effects& effects) {
  const ClientRecord& after = *change.after;
  const bool forgotten = after.state == State::kForgotten;
  const std::shared_ptr<Session> session = table_.Find(after.client_id());
  const RecordPtr before = pending.committed();
  const bool holds =
      before != nullptr && core::StillHolds(*pending.first().after, *before, after, options_.server_id);
  Append(before, change.after, change.time, effects);
  std::shared_ptr<Session> theirs = forgotten ? nullptr : pending.committed_session();
  if (!forgotten && theirs == nullptr) theirs.reset(new Session());
  pending.SetCommitted(forgotten ? nullptr : change.after, std::move(theirs));
  // The store will refuse the proposal that is under way, because it was made on the record before.
  if (!holds) return Abandon(pending, WhyLost(*session->record(), after), effects);
  const bool believed = pending.Rebase(before, change.after, options_.server_id, table_);
  if (believed && !session->is_local()) listener_.OnForeignSession(session, effects);
}

void Ledger::SetCommitted(const std::shared_ptr<Session>& session, RecordPtr record) {
  // A stream that took over meanwhile, without a transition, stays the session's stream.
  const RecordPtr& decided = session->record();
  if (session->is_local() && decided->attachment > record->attachment) {
    auto attached = std::make_shared<ClientRecord>(*record);
    attached->attachment = decided->attachment;
    if (attached->info == decided->info) attached->info = decided->info;  // the attempt of its hello
    record = std::move(attached);
  }
  table_.SetRecord(session, std::move(record));
}

void Ledger::ProposeNext(Pending::iterator at, Effects& effects) {
  PendingClient& pending = at->second;
  if (!pending.waiting().empty()) {
    const Decision& next = pending.first();
    // The client's server has come back while the belief that it is gone waited.
    const bool refuted = !next.session->is_local() &&
                         core::IsBelief(pending.committed().get(), *next.after, options_.server_id) &&
                         roster_.IsServed(*next.session);
    if (refuted) Abandon(pending, ConflictError(), effects);
  }
  pending.EndAbandonment();
  if (pending.waiting().empty()) {
    if (pending.committed_session() != nullptr) pending.committed_session()->set_pending(false);
    pending_.erase(at);
    return;
  }
  pending.SetProposal(next_proposal_++, clock_.Mono());
  under_way_[pending.proposal()] = at;
  const Decision& next = pending.first();
  // A store that commits later never commits at once.
  (void)store_.Propose({pending.proposal(), pending.committed(), next.after, next.time});
}

void Ledger::TakeRefused(std::uint64_t proposal, const absl::Status& why, Effects& effects) {
  const auto refused = under_way_.find(proposal);
  if (refused == under_way_.end()) return;
  const Pending::iterator at = refused->second;
  under_way_.erase(refused);
  figures_.refusals.fetch_add(1, std::memory_order_relaxed);
  PendingClient& pending = at->second;
  // A change of a session that has begun is proposed again, on what the other server wrote: the store told
  // that before it refused this.
  const bool goes_on =
      pending.abandoned() || (absl::IsAborted(why) && pending.first().after->incarnation != 0);
  if (!goes_on) Abandon(pending, absl::IsAborted(why) ? ConflictError() : why, effects);
  ProposeNext(at, effects);
}

void Ledger::Abandon(PendingClient& pending, const absl::Status& why, Effects& effects) {
  const std::shared_ptr<Session> entry = pending.last().session;  // the client's, in the table
  const std::uint64_t known = pending.committed() == nullptr ? 0 : pending.committed()->attachment;
  for (Decision& each : pending.Abandon()) {
    // A caller that waits for an answer may try again: ABORTED would stop a client that nobody has told
    // anything yet.
    const absl::Status& told = each.on_committed && !absl::IsUnavailable(why) ? ConflictError() : why;
    LoseStreams(*each.session, known, told, effects);
    if (each.on_committed) effects.dones.push_back({std::move(each.on_committed), told});
    timers_.Cancel(*each.session);
  }
  const std::shared_ptr<Session>& committed = pending.committed_session();
  if (committed == nullptr) {
    table_.Erase(entry);
    return;
  }
  committed->set_pending(true);
  table_.SetRecord(committed, pending.committed());
  listener_.OnForeignSession(committed, effects);
}

}  // namespace liveness::registry
