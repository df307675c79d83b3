// From a decision to what everybody is told. See registry.h and pending.h.
#include <algorithm>
#include <utility>

#include "common/saturating.h"
#include "server/core/record/rebase.h"
#include "server/registry/conditions/work_slice.h"
#include "server/registry/records/effects.h"
#include "server/registry/records/flapping.h"
#include "server/registry/records/instance_errors.h"
#include "server/registry/registry.h"

namespace liveness::registry {

using common::MutexLock;
using core::ClientRecord;
using core::MonoTime;
using core::RecordPtr;
using core::State;

void Registry::Transit(const std::shared_ptr<Session>& session, ClientRecord after, Effects& effects,
                       CommitDone on_committed, bool welcomes) {
  const std::shared_ptr<Session> known = table_.Find(after.client_id());
  const RecordPtr before = known == nullptr ? nullptr : known->state().record;
  const core::WallTime wall = clock_.Wall();
  const MonoTime now = clock_.Mono();
  scorecard_.observed_seconds += static_cast<double>(table_.counts().live()) *
                                 std::chrono::duration<double>(now - observed_until_).count();
  observed_until_ = now;
  if (before == nullptr || before->state != after.state) after.state_time = wall;
  MarkFlapping(*session, before.get(), after, now, options_.flap);
  const RecordPtr decided = std::make_shared<const ClientRecord>(std::move(after));

  const bool may_wait = known == nullptr || known->is_pending();
  const auto under_way = may_wait ? pending_.find(decided->client_id()) : pending_.end();
  if (under_way == pending_.end()) {
    const std::uint64_t proposal = next_proposal_++;
    const RecordPtr committed = store_.Propose({proposal, before, decided, wall});
    if (committed != nullptr) {
      if (committed->state == State::kForgotten) {
        table_.Erase(known);
      } else {
        table_.SetRecord(session, committed);
      }
      Append(before, committed, wall, effects);
      if (on_committed) effects.dones.push_back({std::move(on_committed), committed});
      return;
    }
    const auto at =
        pending_.emplace(std::string(decided->client_id()), PendingClient{before, known, proposal}).first;
    at->second.waiting.push_back({session, decided, wall, std::move(on_committed), welcomes});
    under_way_[proposal] = at->second.client_id = &at->first;
  } else {
    std::deque<Decision>& waiting = under_way->second.waiting;
    if (waiting.size() >= kCoalesceFrom && Coalesces(waiting.back(), *session, *decided)) waiting.pop_back();
    waiting.push_back({session, decided, wall, std::move(on_committed), welcomes});
  }
  table_.SetRecord(session, decided);
  session->set_pending(true);
}

bool Registry::Coalesces(const Decision& last, const Session& session, const ClientRecord& decided) {
  return last.session.get() == &session && !last.on_committed && core::IsLive(last.after->state) &&
         core::IsLive(decided.state);
}

void Registry::Append(RecordPtr before, RecordPtr after, core::WallTime time, Effects& effects) {
  FollowMaintenance(*after);
  core::GroupEventsPtr groups = falls_.Count(before.get(), *after, time, clock_.Mono(), effects);
  history_.Append(std::make_shared<const core::Transition>(
      core::Transition{std::move(before), std::move(after), time, std::move(groups)}));
  effects.publish = true;
}

RecordPtr Registry::Shown(const Session& session, bool committed) const {
  if (!session.is_pending()) return session.state().record;
  // Without its store this server's own truth is the best there is.
  if (store_health_.fails() && !committed) {
    const RecordPtr& ours = session.state().record;
    return ours->state == State::kForgotten ? nullptr : ours;
  }
  return pending_.find(session.state().record->client_id())->second.committed;
}

void Registry::OnCommitted(std::vector<storage::Committed> changes) {
  for (std::size_t next = 0; next < changes.size();) {
    if (next != 0) WorkSlice::LetOthersIn();
    Effects effects;
    {
      MutexLock lock(mu_);
      WorkSlice slice(clock_);
      std::uint64_t revision = 0;
      // What shares a revision is told together: it may not be read by halves.
      while (next < changes.size() && (changes[next].after->revision == revision || slice.Take())) {
        revision = changes[next].after->revision;
        TakeCommitted(changes[next], effects);
        ++next;
      }
    }
    CarryOut(effects);
  }
}

void Registry::TakeCommitted(const storage::Committed& change, Effects& effects) {
  const auto at = pending_.find(change.after->client_id());
  const bool ours = change.proposal != 0 && at != pending_.end() && at->second.proposal == change.proposal;
  if (ours && !at->second.abandoned) return Settle(at->second, change, effects);
  TakeForeign(change, effects);
  if (!ours) return;
  // The record came to be again as it was proposed on (both times none, say), after we had given it up.
  under_way_.erase(change.proposal);
  GoOn(at->second, effects);
}

bool Registry::WaitsTooLong(const Session& session) const {
  return session.is_pending() &&
         pending_.find(session.state().record->client_id())->second.waiting.size() >= kMaxWaiting;
}

void Registry::OnGap(std::uint64_t after, std::uint64_t until) {
  MutexLock lock(mu_);
  history_.BeginGap(after, until);
}

void Registry::OnGapTold(std::uint64_t until) {
  Effects effects;
  {
    MutexLock lock(mu_);
    history_.EndGap(until);
    effects.publish = true;
  }
  CarryOut(effects);
}

void Registry::Settle(PendingClient& pending, const storage::Committed& change, Effects& effects) {
  under_way_.erase(pending.proposal);
  const Decision decision = std::move(pending.waiting.front());
  pending.waiting.pop_front();
  Append(pending.committed, change.after, change.time, effects);
  const bool forgotten = change.after->state == State::kForgotten;
  pending.committed = forgotten ? nullptr : change.after;
  pending.committed_session = forgotten ? nullptr : decision.session;
  if (decision.on_committed) effects.dones.push_back({decision.on_committed, change.after});

  const std::shared_ptr<Session>& session = decision.session;
  if (!pending.waiting.empty()) {
    if (decision.after->incarnation == 0) Name(pending, decision, change.after->incarnation);
    GoOn(pending, effects);
  } else {
    session->set_pending(false);
    if (forgotten) {
      table_.Erase(session);
    } else {
      SetCommitted(session, change.after);
    }
    pending_.erase(pending_.find(change.after->client_id()));
    if (!forgotten) TellHiddenStall(session, effects);
  }
  const bool lives = table_.IsCurrent(*session) && core::IsLive(session->state().record->state);
  if (decision.welcomes && lives && Holds(*session)) BeginWatching(*session, effects);
  if (!core::IsLive(change.after->state)) (void)ForgetBeyondBound(kForgottenAtOnce, effects);
}

void Registry::BeginWatching(Session& session, Effects& effects) {
  const MonoTime now = clock_.Mono();
  const core::Duration timeout = session.state().record->timeout;
  // A client that waited this long may have given us up before its welcome came.
  if (now - session.last_heard() >= EnoughToGiveUp(*session.state().record)) {
    session.state().MakeExtras().excused_until = common::SaturatingAdd(now, timeout);
  }
  // Nor could it ping before that.
  session.SetHeard(now);
  timers_.Arm(session, NextTurn(session, now), effects);
}

void Registry::Name(PendingClient& pending, const Decision& begun, std::uint64_t incarnation) {
  std::vector<std::uint64_t> names = {BanName(*begun.after)};
  for (const Decision& each : pending.waiting) {
    if (each.session == begun.session) names.push_back(BanName(*each.after));
  }
  for (Decision& each : pending.waiting) {
    auto named = std::make_shared<ClientRecord>(*each.after);
    if (each.session == begun.session) named->incarnation = incarnation;
    if (named->annex != nullptr) {
      auto annex = std::make_shared<core::Annex>(*named->annex);
      for (core::Banned& banned : annex->banned) {
        if (std::find(names.begin(), names.end(), banned.incarnation) != names.end()) {
          banned.incarnation = incarnation;
        }
      }
      named->annex = std::move(annex);
    }
    Redecide(each, std::move(named));
  }
}

void Registry::SetCommitted(const std::shared_ptr<Session>& session, RecordPtr record) {
  // A stream that took over meanwhile, without a transition, stays the one.
  const RecordPtr& decided = session->state().record;
  if (decided != nullptr && session->is_local() && decided->attachment > record->attachment) {
    auto attached = std::make_shared<ClientRecord>(*record);
    attached->attachment = decided->attachment;
    if (attached->info == decided->info) attached->info = decided->info;  // its attempt
    record = std::move(attached);
  }
  table_.SetRecord(session, std::move(record));
}

void Registry::Redecide(Decision& decision, RecordPtr record) {
  const std::shared_ptr<Session>& session = decision.session;
  if (session->state().record == decision.after) {
    if (table_.IsCurrent(*session)) {
      table_.SetRecord(session, record);
    } else {
      session->state().record = record;
    }
  }
  decision.after = std::move(record);
}

void Registry::GoOn(PendingClient& pending, Effects& effects) {
  if (!pending.waiting.empty()) {
    const Decision& next = pending.waiting.front();
    // Its server has come back while this waited.
    const bool refuted = !next.session->is_local() &&
                         core::IsBelief(pending.committed.get(), *next.after, options_.server_id) &&
                         roster_.IsServed(*next.session);
    if (refuted) Drop(pending, ConflictError(), effects);
  }
  pending.abandoned = false;
  if (pending.waiting.empty()) {
    if (pending.committed_session != nullptr) pending.committed_session->set_pending(false);
    pending_.erase(pending_.find(*pending.client_id));
    return;
  }
  const Decision& next = pending.waiting.front();
  pending.proposal = next_proposal_++;
  under_way_[pending.proposal] = pending.client_id;
  // A store that commits later never commits at once.
  (void)store_.Propose({pending.proposal, pending.committed, next.after, next.time});
}

void Registry::OnRefused(std::uint64_t proposal, const absl::Status& why) {
  Effects effects;
  {
    MutexLock lock(mu_);
    const auto refused = under_way_.find(proposal);
    if (refused == under_way_.end()) return;
    const auto at = pending_.find(*refused->second);
    under_way_.erase(refused);
    PendingClient& pending = at->second;
    // A change of a session goes on, on what the other server wrote, which has been told.
    const bool goes_on =
        pending.abandoned || (absl::IsAborted(why) && pending.waiting.front().after->incarnation != 0);
    if (!goes_on) Drop(pending, absl::IsAborted(why) ? ConflictError() : why, effects);
    GoOn(pending, effects);
  }
  CarryOut(effects);
}

void Registry::Drop(PendingClient& pending, const absl::Status& why, Effects& effects) {
  const std::shared_ptr<Session> session = pending.waiting.back().session;  // the client's entry
  for (Decision& each : pending.waiting) {
    // Who waits for an answer may try again: ABORTED would stop a client whom nobody has told anything yet.
    const absl::Status& told = each.on_committed && !absl::IsUnavailable(why) ? ConflictError() : why;
    SessionState& cold = each.session->state();
    if (cold.stream != nullptr) effects.ends.push_back({std::move(cold.stream), told});
    cold.stream = nullptr;
    EndStandbys(*each.session, told, effects);
    if (each.on_committed) effects.dones.push_back({std::move(each.on_committed), told});
    Unbind(*each.session, pending.committed == nullptr ? 0 : pending.committed->attachment);
    timers_.Cancel(*each.session);
  }
  pending.waiting.clear();
  pending.abandoned = true;
  if (pending.committed_session == nullptr) {
    table_.Erase(session);
    return;
  }
  pending.committed_session->set_pending(true);
  table_.SetRecord(pending.committed_session, pending.committed);
  WatchOver(pending.committed_session, effects);
}

}  // namespace liveness::registry
