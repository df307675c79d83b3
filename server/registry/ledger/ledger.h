// What is committed and what is decided: all clients, their changes under way, and the history of what was
// told.
//
//   Decide()         proposes a change of a client to the store: its record is what was decided from then on
//   TakeCommitted()  the store has committed a change, this server's own or another's
//   TakeRefused()    the store has refused a proposal of this server's
//
// What was decided is seen by this server's own detection, and by nobody else until it is committed.
//
// What other servers of a shared store commit may take the sense from a decision that waits. If the decision
// still holds, it is put on top of what the other server wrote (server/core/record/rebase.h). Else it is
// abandoned: a caller that waits for it may try again, and the session is looked at anew. The store refuses a
// proposal that was made on an earlier record; until it has, nothing else is proposed for that client.
//
// Not thread-safe: guarded by the registry's lock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "absl/container/btree_map.h"
#include "absl/status/status.h"
#include "common/clock.h"
#include "server/core/record/record.h"
#include "server/registry/conditions/conditions.h"
#include "server/registry/ledger/ledger_listener.h"
#include "server/registry/ledger/pending_client.h"
#include "server/registry/records/effects.h"
#include "server/registry/records/history.h"
#include "server/registry/records/session.h"
#include "server/registry/records/session_table.h"
#include "server/registry/records/types.h"
#include "server/storage/store.h"

namespace liveness::registry {

class Ledger {
 public:
  // All arguments outlive the object. `revision`: the store's last when it was loaded.
  Ledger(const RegistryOptions& options, const common::Clock& clock, storage::Store& store,
         std::uint64_t revision, Conditions& conditions, LedgerListener& listener);

  // A record that the store held when this process began. Returns the client's entry.
  std::shared_ptr<Session> Load(core::RecordPtr record);

  const SessionTable& table() const { return table_; }
  const History& history() const { return history_; }
  History& history() { return history_; }
  std::shared_ptr<Session> Find(std::string_view client_id) const { return table_.Find(client_id); }

  // The session's record as queries show it: the committed one; null if nothing of the client is committed
  // yet. While the store fails: what was decided, unless `committed`.
  core::RecordPtr VisibleRecord(const Session& session, bool committed = false) const;
  // True if this process serves the session and its welcome is committed: the session may go on without the
  // store.
  bool IsWelcomed(const Session& session) const;
  // True if so many changes of the client wait for the store that no more are taken.
  bool WaitsTooLong(const Session& session) const;
  // True while so many clients have a change under way that this server asks no more of the store by itself:
  // what concerns a whole fleet (a restart, the end of its maintenance) goes on as the store commits.
  bool IsFull() const { return pending_.size() >= kPendingAtMost; }
  // Clients with a change under way.
  std::size_t pending_clients() const { return pending_.size(); }
  // Seconds that live clients were watched, summed over all of them, up to the last decision.
  double observed_seconds() const { return observed_seconds_; }

  // Decides on a change of the session's client; the session becomes the client's entry. `on_committed` is
  // called once the change is committed, or will not be; `welcomes`: a hello waits for the change.
  void Decide(const std::shared_ptr<Session>& session, core::ClientRecord after, Effects& effects,
              CommitDone on_committed = nullptr, bool welcomes = false);
  // The session's record becomes `record`, with a new attachment: no transition.
  void SetAttachment(const std::shared_ptr<Session>& session, core::RecordPtr record);

  // The store is about to commit this change of ours, which is a fall: it is counted now, and bears the group
  // events that it completes, so that they are committed with it. All else is counted once it is committed.
  void CountFall(core::Transition& change, Effects& effects);
  void TakeCommitted(const storage::Committed& change, Effects& effects);
  void TakeRefused(std::uint64_t proposal, const absl::Status& why, Effects& effects);

 private:
  static constexpr std::size_t kPendingAtMost = 50'000;
  // Clients with a change under way, by id.
  using Pending = std::map<std::string, PendingClient, std::less<>>;

  const PendingClient& PendingOf(const Session& session) const;
  void CountObserved(core::MonoTime now);
  void Append(core::RecordPtr before, core::RecordPtr after, core::WallTime time, Effects& effects);
  // `groups`: what the change completes; it is counted already.
  void AppendCounted(core::RecordPtr before, core::RecordPtr after, core::WallTime time,
                     core::GroupEventsPtr groups, Effects& effects);
  // Notes when the maintenance of a committed record ends.
  void FollowMaintenance(const core::ClientRecord& after);
  void TakeOurs(Pending::iterator at, const storage::Committed& change, Effects& effects);
  void TakeForeign(const storage::Committed& change, Effects& effects);
  // TakeForeign for a client with decisions that wait.
  void TakeForeignWhileWaiting(PendingClient& pending, const storage::Committed& change, Effects& effects);
  // The session's record is what was committed, and no change waits.
  void SetCommitted(const std::shared_ptr<Session>& session, core::RecordPtr record);
  // The store has answered the client's proposal: proposes the decision that waits next; if none does,
  // nothing of the client is pending any more.
  void ProposeNext(Pending::iterator at, Effects& effects);
  // The client's decisions that wait will not be carried out; its entry is the committed session again. The
  // store must still refuse the proposal that is under way, if one is.
  void Abandon(PendingClient& pending, const absl::Status& why, Effects& effects);

  const RegistryOptions& options_;
  const common::Clock& clock_;
  storage::Store& store_;
  Timers& timers_;
  Falls& falls_;
  MaintenanceSchedule& maintenance_;
  const Roster& roster_;
  const StoreHealth& store_health_;
  Figures& figures_;
  LedgerListener& listener_;

  SessionTable table_;
  History history_;
  Pending pending_;
  absl::btree_map<std::uint64_t, Pending::iterator> under_way_;  // by proposal: the client that it is about
  std::uint64_t next_proposal_ = 1;
  double observed_seconds_ = 0;
  core::MonoTime observed_until_;
};

}  // namespace liveness::registry
