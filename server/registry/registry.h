// The live registry: one truth per client, told in revision order.
//
// A change is decided here, at once, and proposed to the store. Until the store has committed it, it guides
// this server's own detection and nothing else: queries, watches, history and welcomes show what is committed
// (pending.h). A store of several servers also tells what the others committed.
//
// Thread-safe. One lock guards all records; a heartbeat does not take it (see session.h). Nothing is called
// back under it: what a change makes known (probes, ends of streams, watchers to wake) comes after it.
//
// Time is an argument. `Tick` does what is due and says when it wants to be called again; DetectorThread
// (detector_thread.h) is the loop around it, and PublisherThread the one around `PublishPending`. Tests call
// both themselves.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/clock.h"
#include "common/mutex.h"
#include "server/core/detection/session_rules.h"
#include "server/core/record/hello_judgement.h"
#include "server/core/record/record.h"
#include "server/registry/conditions/falls.h"
#include "server/registry/conditions/maintenance_schedule.h"
#include "server/registry/conditions/roster.h"
#include "server/registry/conditions/store_health.h"
#include "server/registry/conditions/timers.h"
#include "server/registry/conditions/witness.h"
#include "server/registry/records/effects.h"
#include "server/registry/records/history.h"
#include "server/registry/records/pending.h"
#include "server/registry/records/queue_pulses.h"
#include "server/registry/records/session.h"
#include "server/registry/records/session_table.h"
#include "server/registry/records/types.h"
#include "server/registry/watch/watch.h"
#include "server/registry/watch/watch_hub.h"
#include "server/registry/watch/watch_source.h"
#include "server/storage/store.h"

namespace liveness::registry {

class Registry : public storage::StoreListener, public WatchSource {
 public:
  // `clock` and `store` outlive the registry. `contents`: what store.Load() gave. The store is started with
  // this registry as its listener before anything is proposed, and stopped before it goes.
  Registry(RegistryOptions options, const common::Clock& clock, storage::Store& store,
           storage::Contents contents);
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;
  ~Registry() override;

  // This server can be reached from now on: the known clients that nobody serves are SUSPECT (SERVER_LOST)
  // and have max(timeout, restart_grace) from here to come back. Once.
  void BeginServing();

  // --- Sessions -------------------------------------------------------------

  // Binds a stream: resumes its session, or begins one and supersedes the older. `done` is called exactly
  // once, without the lock, once the session is committed, at once or later, on any thread. Errors:
  //   ABORTED             SUPERSEDED, EVICTED: this instance is over for good
  //   CANCELLED           STALE_HELLO: a later one of this instance was taken; nothing has changed
  //   PERMISSION_DENIED   PRINCIPAL_MISMATCH
  //   RESOURCE_EXHAUSTED  TOO_MANY_CLIENTS, with a retry delay
  //   UNAVAILABLE         DRAINING, STORE_UNAVAILABLE
  using AttachDone = std::function<void(absl::StatusOr<Attached>)>;
  void Attach(HelloRequest hello, AttachDone done);

  // Touch() said kRefutes. False if it comes too late: the session is over, or another stream's.
  bool Refute(const std::shared_ptr<Session>& session, std::uint64_t attachment);
  // Touch() said kStale: true if it was a standby's (life/standbys.h). The session is bound to that now.
  bool TakeOver(const std::shared_ptr<Session>& session, std::uint64_t attachment);
  // For how long from `now` no server says DEAD, for silence, of a client that this one suspects after `due`,
  // at most its `timeout`: `due`, or less if the others of a shared store may take this server for gone.
  core::Duration Vouch(core::Duration due, core::Duration timeout, core::MonoTime now) const {
    return store_health_.Vouch(due, timeout, now);
  }

  // The labels of the session, replaced. Sorted by key.
  void UpdateLabels(const std::shared_ptr<Session>& session, std::uint64_t attachment, core::Labels labels);
  // How the client's pings arrived over its last streams, if that was measured.
  std::optional<core::PathQuality> PathOf(std::string_view client_id) const;
  // Arrivals said that the client is overdue sooner than was known.
  void Rearm(const std::shared_ptr<Session>& session);
  // How often this server has stood so far.
  std::int64_t stall_count() const { return witness_.stall_count(); }

  // Where the stream puts what its client tells of its work; it stays with the session.
  std::shared_ptr<WorkBoard> BoardOf(const std::shared_ptr<Session>& session);
  // A progress token went stale, or none is any more: STALLED or OK.
  void SetStalled(const std::shared_ptr<Session>& session, std::uint64_t attachment, bool stalled);

  // The session ends: LEFT, or DEAD for a non-zero exit code or a signal. `done` is called exactly once,
  // without the lock, once that is committed; at once if the store fails, for then it waits, or if the
  // session is over.
  void SayGoodbye(const std::shared_ptr<Session>& session, std::uint64_t attachment, Goodbye goodbye,
                  std::function<void()> done = {});

  // The stream ended without goodbye: SUSPECT at once, or, if this server had not
  // run for so long that the client may have given it up, at the deadline. An
  // event of an older attachment is dropped.
  // `link` is the stream's last look at its connection; `ended_at` {}: now.
  void StreamClosed(const std::shared_ptr<Session>& session, std::uint64_t attachment, core::StreamEnd how,
                    const core::LinkEvidence& link = {}, core::MonoTime ended_at = {});

  // `done` is called once, without the lock, when it is committed: at once or later. NOT_FOUND
  // CLIENT_NOT_FOUND; FAILED_PRECONDITION CLIENT_NOT_LIVE; UNAVAILABLE STORE_UNAVAILABLE.
  void Evict(std::string_view client_id, std::string_view reason,
             std::function<void(absl::StatusOr<core::ClientView>)> done);

  // Marks the known clients that match, in any state, until then; nothing: no longer. Looks at about 1000
  // records a call, fewer with a dear filter, and changes 256 at most, so that nobody waits long: call again
  // with `cursor` until `done`, and not while much of what was changed is under way: it waits in memory. At
  // the end those are looked at once more whose record has changed meanwhile, or that have come: nobody stays
  // out for having moved behind the cursor. For each that is changed `settling` is called under the lock, and
  // what it returns once without it, when the change is committed or will not be: UNAVAILABLE
  // STORE_UNAVAILABLE if too much of that client's waits already.
  using MaintenanceSettled = std::function<void(const absl::Status&)>;
  MaintenanceResult SetMaintenance(const MaintenanceRequest& request,
                                   const std::function<MaintenanceSettled()>& settling);

  // The clients are being sent to other servers: a stream that closes from now on is silence, and its
  // session is suspected at its deadline.
  void BeginDrain();
  // They are not any more.
  void EndDrain();

  // From now on: no new session, no suspicion, no death; goodbyes still count.
  // What the end of this server does to its clients is not their fault.
  void BeginShutdown();

  // --- The store's word (registry_commit.cc, registry_cluster.cc) ------------

  void OnCommitted(std::vector<storage::Committed> changes) override;
  void OnRefused(std::uint64_t proposal, const absl::Status& why) override;
  void OnServers(const std::vector<std::string>& server_ids) override;
  void OnGap(std::uint64_t after, std::uint64_t until) override;
  void OnGapTold(std::uint64_t until) override;
  // OK, or why nothing can be committed now.
  absl::Status store_health() const { return store_health_.now(); }

  // --- Time -----------------------------------------------------------------

  // Carries out what is due at `now`, after a look at the connections in question; returns when it wants to
  // be called again (MonoTime::max(): not before something changes). `expected` is when this call was meant
  // to happen: lateness beyond 20 ms is credited to every client, and so is time in which the machine or the
  // completion queues did not run (core/time/suspend_watch.h, core/time/canary_watch.h); nobody is due
  // meanwhile.
  core::MonoTime Tick(core::MonoTime expected, core::MonoTime now);
  // `wake` is called, without the lock, when Tick should run sooner than it
  // last said. Set it before any other thread uses the registry.
  void OnEarlierDeadline(std::function<void(core::MonoTime)> wake);

  // Where each completion queue notes whom it hears, and the canary what it sends.
  QueuePulses& pulses() { return witness_.pulses(); }
  // kSpent: this server doubts that it can receive, and judges its clients all the same. Any thread.
  core::CanaryDoubt doubt() const { return witness_.doubt(); }
  // An I/O thread does not run and its credit is used up, see core/time/canary_watch.h: one that is only
  // behind would not be helped by a new start. Any thread.
  bool hears_nobody() const { return witness_.hears_nobody(); }
  // `tell` is called, without the lock, with what Tick finds out of this server.
  // Set it before any other thread uses the registry.
  void OnWitness(std::function<void(const WitnessEvent&)> tell);
  // The canary (this server's own client, over its own listener) got an answer at `answered_at` to what it
  // sent at `sent_at`. Until the first of these there is no canary, and nothing waits for one.
  void CanaryAnswered(core::MonoTime sent_at, core::MonoTime answered_at);

  // --- Queries --------------------------------------------------------------

  std::optional<core::ClientView> Get(std::string_view client_id) const;
  // Looks at no more than 1,000 records in one call, fewer with a dear filter, so that nobody waits long:
  // call again with `cursor` until `limit` is met or `done`.
  ScanResult Scan(const ScanRequest& request) const override;
  Totals totals() const;
  std::uint64_t revision() const override;
  const std::string& history_id() const;
  const RegistryOptions& options() const { return options_; }

  // History that matches, about `query.limit` of it or all that there is, unless the page says where it
  // stopped: then there may be more, see storage::HistoryPart. Beyond what memory holds it reads the store's
  // disk: not for a thread that serves streams.
  HistoryPage ReadHistory(const storage::HistoryQuery& query) const;
  // All that is above `after`, in order.
  HistoryPage HistoryAfter(std::uint64_t after, std::size_t limit) const override;

  // --- Watches --------------------------------------------------------------

  // OUT_OF_RANGE REVISION_IN_FUTURE; RESOURCE_EXHAUSTED TOO_MANY_WATCHERS, WATCH_FILTERS_TOO_COSTLY.
  // `filter` decides what is told; `filter_key` is its text: watchers of one
  // text share their batches. See watch.h for how to take what is next.
  absl::StatusOr<std::shared_ptr<Watch>> StartWatch(WatchRequest request);

  // Hands transitions that are not yet published to the watchers, for some milliseconds; true if there were
  // any, or are still. Only one thread at a time.
  bool PublishPending();
  // `wake` is called, without the lock, when there is something to publish. Set
  // it before any other thread uses the registry.
  void OnPending(std::function<void()> wake);

 private:
  // What becomes of a session at a transition.
  struct Change {
    core::State state = core::State::kUnspecified;
    core::Cause cause = core::Cause::kUnspecified;
    std::shared_ptr<core::Evidence> evidence;
    std::optional<core::Banned> ban = std::nullopt;
  };

  // registry_attach.cc
  absl::Status CheckHello(const HelloRequest& hello, const Session* known) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  core::HelloJudgement Judge(const HelloRequest& hello, const Session* known) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  bool Resumes(const HelloRequest& hello, const Session* known) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // An authentic token names this incarnation: is the store still what it was when it gave that out?
  void HeedToken(std::uint64_t incarnation, Effects& effects) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // True if this process serves it and its welcome is committed: it may go on without the store.
  bool Holds(const Session& session) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Begin(HelloRequest hello, const std::shared_ptr<Session>& known, AttachDone done, Effects& effects)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Resume(HelloRequest hello, const std::shared_ptr<Session>& session, std::uint64_t attachment,
              AttachDone done, Effects& effects) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  bool MayStandBy(const HelloRequest& hello, const Session& session) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void StandBy(HelloRequest hello, const std::shared_ptr<Session>& session, AttachDone done, Effects& effects)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  bool TakeStandby(const std::shared_ptr<Session>& session, std::uint64_t attachment, Effects& effects)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  static void EndStandbys(Session& session, const absl::Status& why, Effects& effects);
  static CommitDone Welcome(Attached attached, AttachDone done);
  // A number that no stream of the session had on this server, wherever else it was meanwhile.
  static std::uint64_t NextAttachment(const Session& session);
  // What the welcome of the stream that was just bound, or waits, promises.
  core::Duration VouchAtHello(Session& session, const HelloRequest& hello, core::MonoTime now) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // A new attachment that is no transition.
  void SetAttachment(const std::shared_ptr<Session>& session, core::RecordPtr record)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // registry_sessions.cc
  // The session that a stream of this attachment still speaks for, else false.
  bool Owns(const Session& session, std::uint64_t attachment) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Bind(Session& session, const HelloRequest& hello, std::uint64_t attachment, core::MonoTime now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Status CheckEvict(std::string_view client_id, const Session* session) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // The session ends for good; its stream, if any, is ended with `why`.
  void EndSession(const std::shared_ptr<Session>& session, Change change, const absl::Status& why,
                  Effects& effects, CommitDone on_committed = nullptr) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  // registry_commit.cc
  // Decides on a change of the session's client; the session becomes its entry. `on_committed` is told once
  // it is committed, or will not be; `welcomes`: it is a hello that waits for that.
  void Transit(const std::shared_ptr<Session>& session, core::ClientRecord after, Effects& effects,
               CommitDone on_committed = nullptr, bool welcomes = false) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // True if nobody will miss `last` if `decided` takes its place.
  static bool Coalesces(const Decision& last, const Session& session, const core::ClientRecord& decided);
  void TakeCommitted(const storage::Committed& change, Effects& effects) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // True if so much of the client's waits for the store that nothing more is taken.
  bool WaitsTooLong(const Session& session) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // The record as it is shown: the committed one; null if there is none yet. While the store fails it is what
  // was decided, unless `committed`.
  core::RecordPtr Shown(const Session& session, bool committed = false) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Append(core::RecordPtr before, core::RecordPtr after, core::WallTime time, Effects& effects)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // The outcome of what was under way is known: proposes what waits next, or nothing is pending any more.
  void GoOn(PendingClient& pending, Effects& effects) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Settle(PendingClient& pending, const storage::Committed& change, Effects& effects)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // What waits will not be carried out; the client's entry is its committed one again. What is under way must
  // still be refused.
  void Drop(PendingClient& pending, const absl::Status& why, Effects& effects)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // The session's record is what was committed, and no change waits.
  void SetCommitted(const std::shared_ptr<Session>& session, core::RecordPtr record)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // The session is welcomed: its time begins.
  void BeginWatching(Session& session, Effects& effects) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // The session that `begun` began has its incarnation: what waits behind it may name it.
  void Name(PendingClient& pending, const Decision& begun, std::uint64_t incarnation)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // A decision that waits becomes another; the session stays its client's entry, or stays none.
  void Redecide(Decision& decision, core::RecordPtr record) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  // registry_maintenance.cc
  // True if the application's own word is that it stands still, also while that is hidden by maintenance.
  static bool IsStalled(const Session& session);
  // Puts a stall that is hidden no longer back into `record`, which is to be the session's. True if there is.
  bool RestoreStall(const Session& session, core::ClientRecord& record) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // The session's record says that it is well although it stands still: maintenance ended elsewhere.
  void TellHiddenStall(const std::shared_ptr<Session>& session, Effects& effects)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Marks those of `chosen`, from `next` on, that are still what they were, in one slice; the others are put
  // into `changed`, unless `all`.
  void MarkSlice(const std::vector<core::ClientView>& chosen, std::size_t& next, bool all,
                 const MaintenanceRequest& request, const std::function<MaintenanceSettled()>& settling,
                 std::vector<core::ClientView>& changed, MaintenanceResult& result) ABSL_LOCKS_EXCLUDED(mu_);
  // True if its health changes.
  bool MarkMaintenance(const std::shared_ptr<Session>& session, std::optional<core::WallTime> until,
                       const std::function<MaintenanceSettled()>& settling, Effects& effects)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Of every record that is committed: notes when its maintenance ends.
  void FollowMaintenance(const core::ClientRecord& after) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Of a fleet's that ends at one moment, a slice.
  void EndMaintenance(core::MonoTime now, Effects& effects) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  // registry_foreign.cc
  // Another server committed it.
  void TakeForeign(const storage::Committed& change, Effects& effects) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Its streams of this server are stale from now on. `known`: the attachment that the others know of.
  static void Unbind(Session& session, std::uint64_t known);
  // This server's session is over or elsewhere, by another server's doing.
  void LoseSession(Session& session, const core::ClientRecord& after, Effects& effects)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Why our stream ends, given what another server made of the record.
  static absl::Status WhyLost(const core::ClientRecord& ours, const core::ClientRecord& after);
  // Puts what waits, on `before` so far, on top of `theirs`; beliefs that wait are looked at anew.
  // REQUIRES: the first of it still holds.
  void Rebase(PendingClient& pending, const core::RecordPtr& before, const core::RecordPtr& theirs,
              Effects& effects) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // registry_cluster.cc
  // Arms what a session that is not ours needs: to be forgotten, or to be taken for an orphan.
  void WatchOver(const std::shared_ptr<Session>& session, Effects& effects)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Nobody serves it, `since`; it becomes SUSPECT after `wait`.
  void Orphan(const std::shared_ptr<Session>& session, core::MonoTime since, core::Duration wait,
              Effects& effects) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void SuspectOrphan(const std::shared_ptr<Session>& session, core::MonoTime now, Effects& effects)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void BuryOrphan(const std::shared_ptr<Session>& session, core::MonoTime now, Effects& effects)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void LookForOrphans(core::MonoTime now, Effects& effects) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // When an ended record is to be forgotten.
  core::MonoTime ForgetAt(const core::ClientRecord& record) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  std::shared_ptr<core::Evidence> Gather(const Session& session, core::MonoTime now) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Counts a suspicion or a death that turned out wrong.
  void CountMistake(Session& session, core::Duration wrong_for) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  // A session in doubt: its connection is looked at without the lock.
  struct Doubt {
    std::shared_ptr<Session> session;
    std::shared_ptr<StreamHandle> stream;  // null: it has none, nothing to look at
    core::MonoTime last_heard{};           // what the doubt rests on
    core::LinkEvidence link;
  };

  // registry_time.cc
  void TakeTurn(const std::shared_ptr<Session>& session, core::MonoTime now, std::vector<Doubt>& doubts,
                Effects& effects) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Conclude(const Doubt& doubt, core::MonoTime now, Effects& effects) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // True if the connection holds bytes that we have not read: our lateness, for
  // one timeout at most.
  bool HoldsUnread(Session& session, const Doubt& doubt, core::MonoTime now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Suspect(const std::shared_ptr<Session>& session, core::MonoTime now, Effects& effects)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void BeAlive(const std::shared_ptr<Session>& session, Effects& effects) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Forget(const std::shared_ptr<Session>& session, Effects& effects) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Forgets up to `most` of the oldest ended records beyond their bound; true if it can go on at once.
  bool ForgetBeyondBound(std::size_t most, Effects& effects) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // registry_deadlines.cc
  core::Watched AsWatched(const Session& session) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Until when the client may believe that it is not dead, by what any server has told it so far.
  core::MonoTime VouchedUntil(const Session& session, core::MonoTime now) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // True if this server stood for so long, or welcomed so late, and so lately,
  // that the client may have closed on our account.
  bool MayHaveClosedForOurSake(const Session& session, core::MonoTime now) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // The silence of ours after which a client may give us up.
  static core::Duration EnoughToGiveUp(const core::ClientRecord& record);
  // When the session wants its next turn if nothing happens until then.
  core::MonoTime NextTurn(const Session& session, core::MonoTime now) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  core::Vitals VitalsOf(const Session& session, core::MonoTime now) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  // registry_queries.cc
  // A scan's records, whether they match or not.
  ScanResult LookAt(const ScanRequest& request) const ABSL_LOCKS_EXCLUDED(mu_);
  // A part of what memory holds.
  HistoryPage PageOf(const storage::HistoryQuery& query) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // `page` with what the store holds up to `complete`, above which memory has all.
  HistoryPage ReadOlder(const storage::HistoryQuery& query, std::uint64_t complete, HistoryPage page) const
      ABSL_LOCKS_EXCLUDED(mu_);
  // True if the death of a client, due now, must not be told yet; the session is armed for when to ask again.
  bool IsDeathHeld(Session& session, core::MonoTime now, Effects& effects) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  // registry_effects.cc
  void CarryOut(Effects& effects) ABSL_LOCKS_EXCLUDED(mu_);

  const RegistryOptions options_;
  const common::Clock& clock_;
  storage::Store& store_;
  const std::shared_ptr<const std::string> server_id_;
  std::function<void(core::MonoTime)> wake_detector_;      // set before the first thread starts
  std::function<void()> wake_publisher_;                   // likewise
  std::function<void(const WitnessEvent&)> tell_witness_;  // likewise
  mutable common::Mutex mu_;
  // Guarded by mu_, but for what says "Any thread".
  Timers timers_;
  Witness witness_;
  StoreHealth store_health_;
  Roster roster_;
  Falls falls_;

  SessionTable table_ ABSL_GUARDED_BY(mu_);
  History history_ ABSL_GUARDED_BY(mu_);
  const core::MonoTime began_at_;
  std::uint64_t published_ ABSL_GUARDED_BY(mu_);
  // Nothing in (known_until_, began_after_] is known to the store that this process began with.
  const std::uint64_t known_until_;
  const std::uint64_t began_after_;
  // A client has seen a future of the store's that the store does not know: sessions of before this process
  // may have been followed by others, and are not resumed.
  bool past_lost_ ABSL_GUARDED_BY(mu_) = false;
  std::uint64_t next_probe_ ABSL_GUARDED_BY(mu_) = 1;
  core::Scorecard scorecard_ ABSL_GUARDED_BY(mu_);
  core::MonoTime observed_until_ ABSL_GUARDED_BY(mu_);  // the scorecard's client time is summed up to here
  std::int64_t unread_credits_ ABSL_GUARDED_BY(mu_) = 0;
  bool shutting_down_ ABSL_GUARDED_BY(mu_) = false;
  bool draining_ ABSL_GUARDED_BY(mu_) = false;
  MaintenanceSchedule maintenance_ ABSL_GUARDED_BY(mu_);

  // Clients with a change under way, by id.
  std::map<std::string, PendingClient, std::less<>> pending_ ABSL_GUARDED_BY(mu_);
  absl::btree_map<std::uint64_t, const std::string*> under_way_ ABSL_GUARDED_BY(mu_);  // by proposal: whose
  std::uint64_t next_proposal_ ABSL_GUARDED_BY(mu_) = 1;

  bool serving_ ABSL_GUARDED_BY(mu_) = false;
  // Where the look for clients that nobody serves goes on; nullopt: it is done.
  std::optional<std::string> orphan_cursor_ ABSL_GUARDED_BY(mu_);
  core::MonoTime orphans_since_ ABSL_GUARDED_BY(mu_){};  // when the last of them became so

  WatchHub hub_;
};

}  // namespace liveness::registry
