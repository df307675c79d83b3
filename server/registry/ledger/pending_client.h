// One client's changes that are decided and not yet committed.
//
// The session's record is what this server has decided; what is committed is
// kept here while the two differ. One change of a client is under way at a time,
// so that each says what it changes; the next wait behind it in order.
//
//   t=0   the stream closes   decided SUSPECT   committed ALIVE    under way: SUSPECT
//   t=1   a new stream        decided ALIVE     committed ALIVE    under way: SUSPECT, waiting: ALIVE
//   t=2   the store commits   decided ALIVE     committed SUSPECT  under way: ALIVE
//   t=3   the store commits   nothing is pending
//
// Not thread-safe: guarded by the registry's lock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string_view>
#include <utility>

#include "server/core/record/record.h"
#include "server/registry/records/effects.h"
#include "server/registry/records/session.h"
#include "server/registry/records/session_table.h"

namespace liveness::registry {

struct Decision {
  std::shared_ptr<Session> session;
  core::RecordPtr after;
  core::WallTime time{};
  CommitDone on_committed;  // of a hello or an operator that waits for it; may be null
  bool welcomes = false;    // a hello waits for it
};

// How a ban names a session: by its incarnation, or, before there is one, by its
// last attachment, which no other session of the client has. AssignIncarnation
// names it anew, so that no store ever sees the latter.
inline std::uint64_t BanName(const core::ClientRecord& record) {
  constexpr std::uint64_t kNotYet = std::uint64_t{1} << 63;
  return record.incarnation != 0 ? record.incarnation : kNotYet | record.attachment;
}

class PendingClient {
 public:
  // From this many on, a suspicion that waits and its refutation become one, so that a store that commits
  // nothing costs bounded memory.
  static constexpr std::size_t kCoalesceFrom = 8;
  // While a client has this many, no session of it begins, and no operator's wish about it is taken.
  static constexpr std::size_t kMaxWaiting = 32;

  // `committed`: what the store has of the client, and the session whose record that is; null if the client
  // is not known.
  PendingClient(core::RecordPtr committed, std::shared_ptr<Session> committed_session)
      : committed_(std::move(committed)), committed_session_(std::move(committed_session)) {}

  const core::RecordPtr& committed() const { return committed_; }
  const std::shared_ptr<Session>& committed_session() const { return committed_session_; }
  void SetCommitted(core::RecordPtr record, std::shared_ptr<Session> session) {
    committed_ = std::move(record);
    committed_session_ = std::move(session);
  }

  // The proposal that is under way for first(), and since when it is.
  std::uint64_t proposal() const { return proposal_; }
  core::MonoTime proposed_at() const { return proposed_at_; }
  void SetProposal(std::uint64_t proposal, core::MonoTime now) {
    proposal_ = proposal;
    proposed_at_ = now;
    counted_ = false;
    groups_ = nullptr;
  }

  // The proposal, which the store is about to commit, is counted among the falls, and completes `groups`
  // (null: none).
  void SetCounted(core::GroupEventsPtr groups) {
    counted_ = true;
    groups_ = std::move(groups);
  }
  bool is_counted() const { return counted_; }
  const core::GroupEventsPtr& groups() const { return groups_; }

  // What is under way, and then what waits; the store commits them in this order.
  const std::deque<Decision>& waiting() const { return waiting_; }
  const Decision& first() const { return waiting_.front(); }
  const Decision& last() const { return waiting_.back(); }
  bool WaitsTooLong() const { return waiting_.size() >= kMaxWaiting; }
  // True if a hello waits in it.
  bool WelcomesSomebody() const;

  void Add(Decision decision);
  // Takes out first(), which the store has committed. REQUIRES: one waits.
  Decision TakeFirst();
  // The record of last(), if one waits, becomes `record`, which differs only in what is no transition.
  void ReplaceLast(core::RecordPtr record) {
    if (!waiting_.empty()) waiting_.back().after = std::move(record);
  }
  // The session that `begun` began now has `incarnation`: puts the number into the decisions that wait behind
  // `begun`, also into bans that name the session.
  void AssignIncarnation(const Decision& begun, std::uint64_t incarnation, SessionTable& table);
  // Puts the decisions that wait, made on `before`, on top of `theirs`, which another server wrote. Drops
  // beliefs that wait behind the first (server/core/record/rebase.h). Returns true if there were any, because
  // the client must then be looked at anew. REQUIRES: the first still holds.
  bool Rebase(const core::RecordPtr& before, const core::RecordPtr& theirs, std::string_view our_server,
              SessionTable& table);

  // What another server wrote has taken the sense from the proposal. The store will refuse the proposal, and
  // until then whatever is decided anew must wait. Returns the decisions that waited.
  std::deque<Decision> Abandon();
  bool abandoned() const { return abandoned_; }
  // The store has refused what was abandoned.
  void EndAbandonment() { abandoned_ = false; }

 private:
  // A decision that waits becomes `record`, and so does its session's record if it was that decision. The
  // session stays its client's entry, or stays none.
  static void ReplaceDecision(Decision& decision, core::RecordPtr record, SessionTable& table);

  core::RecordPtr committed_;
  std::shared_ptr<Session> committed_session_;
  std::uint64_t proposal_ = 0;
  core::MonoTime proposed_at_{};
  bool counted_ = false;
  core::GroupEventsPtr groups_;
  std::deque<Decision> waiting_;  // never empty, unless abandoned
  bool abandoned_ = false;
};

}  // namespace liveness::registry
