// The live registry: one truth per client, told in revision order.
//
// A change is decided here, at once, and proposed to the store. Until the store has committed it, it guides
// this server's own detection and nothing else: queries, watches, history and welcomes show what is committed
// (ledger/ledger.h). A store of several servers also tells what the others committed.
//
// Thread-safe. One lock guards all records; a heartbeat does not take it (see records/session.h). Nothing is
// called back under it: what a change makes known (probes, ends of streams, watchers to wake) comes after it.
//
// Time is an argument. `Tick` does what is due and says when it wants to be called again; DetectorThread
// (detector_thread.h) is the loop around it, and PublisherThread the one around `PublishPending`. Tests call
// both themselves.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/clock.h"
#include "common/mutex.h"
#include "server/core/detection/path_quality.h"
#include "server/core/record/record.h"
#include "server/registry/records/figures.h"
#include "server/registry/records/label_counts.h"
#include "server/registry/records/queue_pulses.h"
#include "server/registry/records/session.h"
#include "server/registry/records/types.h"
#include "server/registry/watch/watch.h"
#include "server/registry/watch/watch_hub.h"
#include "server/registry/watch/watch_source.h"
#include "server/storage/store.h"

namespace liveness::registry {

struct Effects;
class StoreHealth;
class Witness;

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
  void Attach(HelloRequest hello, AttachDone done);

  // Touch() said kRefutes. False if it comes too late: the session is over, or another stream's.
  bool Refute(const std::shared_ptr<Session>& session, std::uint64_t attachment);
  // Touch() said kStale: true if the attachment was a standby's (records/standbys.h). The session is bound to
  // that stream now.
  bool TakeOver(const std::shared_ptr<Session>& session, std::uint64_t attachment);
  // For how long from `now` no server says DEAD, for silence, of a client that this one suspects after `due`,
  // at most its `timeout`: `due`, or less if the others of a shared store may take this server for gone.
  core::Duration Vouch(core::Duration due, core::Duration timeout, core::MonoTime now) const;

  // The labels of the session, replaced. Sorted by key.
  void UpdateLabels(const std::shared_ptr<Session>& session, std::uint64_t attachment, core::Labels labels);
  // How the client's pings arrived over its last streams, if that was measured and the client is
  // `principal`'s.
  std::optional<core::PathQuality> PathOf(std::string_view client_id, std::string_view principal) const;
  // Arrivals said that the client is overdue sooner than was known.
  void Rearm(const std::shared_ptr<Session>& session);
  // How often time has stood for this server so far.
  std::int64_t stall_count() const;

  // Where the stream puts what its client tells of its work; it stays with the session.
  std::shared_ptr<WorkBoard> BoardOf(const std::shared_ptr<Session>& session);
  // A progress token went stale, or none is any more: STALLED or OK.
  void SetStalled(const std::shared_ptr<Session>& session, std::uint64_t attachment, bool stalled);

  // The session ends: LEFT, or DEAD for a non-zero exit code or a signal. `done` is called exactly once,
  // without the lock, once that is committed; at once if the store fails, for then the commit would keep the
  // client waiting, or if the session is over.
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
  using ViewDone = std::function<void(absl::StatusOr<core::ClientView>)>;
  void Evict(std::string_view client_id, std::string_view reason, ViewDone done);

  // Drops the record of a client that has ended, and with it whose the id is. `done` as for Evict: NOT_FOUND
  // CLIENT_NOT_FOUND; FAILED_PRECONDITION CLIENT_LIVE; UNAVAILABLE STORE_UNAVAILABLE.
  void Forget(std::string_view client_id, ViewDone done);

  // Marks the known clients that match, in any state, until then; nothing: no longer. Looks at about 1000
  // records a call, fewer with a dear filter, and changes 256 at most, so that nobody waits long: call again
  // with `cursor` until `done`, and not while much of what was changed is under way, because that waits in
  // memory. At the end those are looked at once more whose record has changed meanwhile, or that have come:
  // nobody stays out for having moved behind the cursor. For each that is changed `settling` is called under
  // the lock, and what it returns once without it, when the change is committed or will not be: UNAVAILABLE
  // STORE_UNAVAILABLE if too much of that client's waits already.
  using MaintenanceSettled = registry::MaintenanceSettled;
  MaintenanceResult SetMaintenance(const MaintenanceRequest& request,
                                   const std::function<MaintenanceSettled()>& settling);

  // The clients are being sent to other servers, or not any more: a stream that closes meanwhile is silence,
  // and its session is suspected at its deadline.
  void SetDraining(bool draining);

  // From now on: no new session, no suspicion, no death; goodbyes still count.
  // What the end of this server does to its clients is not their fault.
  void BeginShutdown();

  // --- The store's word -----------------------------------------------------

  void OnCommitting(std::vector<core::Transition>& changes) override;
  void OnCommitted(std::vector<storage::Committed> changes) override;
  void OnRefused(std::uint64_t proposal, const absl::Status& why) override;
  void OnServers(const std::vector<std::string>& server_ids) override;
  void OnGap(std::uint64_t after, std::uint64_t until) override;
  void OnGapTold(std::uint64_t until) override;
  // OK, or why nothing can be committed now.
  absl::Status store_health() const;

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
  QueuePulses& pulses();
  // kSpent: this server doubts that it can receive, and judges its clients all the same. Any thread.
  core::CanaryDoubt doubt() const;
  // An I/O thread does not run and its credit is used up, see core/time/canary_watch.h: one that is only
  // behind would not be helped by a new start. Any thread.
  bool hears_nobody() const;
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
  // Of RegistryOptions::count_labels.
  std::vector<LabelValues> label_counts() const;
  // Any thread.
  const Figures& figures() const { return figures_; }
  WatchLoad watch_load() const { return hub_.load(); }
  std::uint64_t revision() const override;
  const std::string& history_id() const;
  const RegistryOptions& options() const { return options_; }

  // History that matches, about `query.limit` of it or all that there is, unless the page says where it
  // stopped: then there may be more, see storage::HistoryPart. Beyond what memory holds it reads the store's
  // disk: not for a thread that serves streams.
  HistoryPage ReadHistory(const storage::HistoryQuery& query) const;
  // All that is above `after`, in order.
  HistoryPage HistoryAfter(std::uint64_t after, std::size_t limit) const override {
    return ReadHistory({.after = after, .limit = limit});
  }

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
  // parts.h: who owns what, and who calls whom.
  struct Parts;

  // Changes the parts with the lock, and then, without it, carries out what that makes known.
  template <typename Change>
  auto Apply(Change change) ABSL_LOCKS_EXCLUDED(mu_);
  template <typename Look>
  auto Read(Look look) const ABSL_LOCKS_EXCLUDED(mu_);
  void CarryOut(Effects& effects) ABSL_LOCKS_EXCLUDED(mu_);
  // A scan's records, whether they match or not.
  ScanResult LookAt(const ScanRequest& request) const ABSL_LOCKS_EXCLUDED(mu_);

  const RegistryOptions options_;
  const common::Clock& clock_;
  storage::Store& store_;
  std::function<void(core::MonoTime)> wake_detector_;      // set before the first thread starts
  std::function<void()> wake_publisher_;                   // likewise
  std::function<void(const WitnessEvent&)> tell_witness_;  // likewise

  mutable common::Mutex mu_;
  const std::unique_ptr<Parts> parts_ ABSL_PT_GUARDED_BY(mu_);
  // Three of the parts, for what any thread may ask them.
  Witness& witness_;
  const StoreHealth& store_health_;
  const Figures& figures_;

  WatchHub hub_;
};

}  // namespace liveness::registry
