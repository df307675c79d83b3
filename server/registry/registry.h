// The live registry: one truth per client, told in revision order.
//
// Thread-safe. One lock guards all records; a heartbeat does not take it (see
// session.h). Nothing is called back under it: what a change makes known
// (probes, ends of streams, watchers to wake) is carried out after it.
//
// Time is an argument. `Tick` does what is due and says when it wants to be
// called again; DetectorThread (detector_thread.h) is the loop around it, and
// PublisherThread the one around `PublishPending`. Tests call both themselves.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/clock.h"
#include "common/mutex.h"
#include "server/core/deadline_wheel.h"
#include "server/core/mass_failure.h"
#include "server/core/record.h"
#include "server/core/self_doubt.h"
#include "server/core/session_rules.h"
#include "server/core/suspend_watch.h"
#include "server/core/witness_clock.h"
#include "server/registry/history.h"
#include "server/registry/queue_pulses.h"
#include "server/registry/session.h"
#include "server/registry/session_table.h"
#include "server/registry/types.h"
#include "server/registry/watch.h"
#include "server/registry/watch_hub.h"
#include "server/storage/store.h"

namespace liveness::registry {

class Registry {
 public:
  // `clock` and `store` outlive the registry.
  Registry(RegistryOptions options, const common::Clock& clock, storage::Store& store);
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  // --- Sessions -------------------------------------------------------------

  // Binds a stream: resumes its session, or begins one and supersedes the
  // older. `done` is called exactly once, without the lock, once the session is
  // committed: at once or later, here or on another thread. Errors:
  //   ABORTED             SUPERSEDED, EVICTED: this instance is over for good
  //   PERMISSION_DENIED   PRINCIPAL_MISMATCH
  //   RESOURCE_EXHAUSTED  TOO_MANY_CLIENTS, with a retry delay
  //   UNAVAILABLE         DRAINING
  void Attach(HelloRequest hello, std::function<void(absl::StatusOr<Attached>)> done);

  // Touch() said kRefutes: the suspicion was wrong.
  void Refute(const std::shared_ptr<Session>& session, std::uint64_t attachment);

  // The labels of the session, replaced. Sorted by key.
  void UpdateLabels(const std::shared_ptr<Session>& session, std::uint64_t attachment, core::Labels labels);
  // How the client's pings arrived over its last streams, if that was measured.
  std::optional<core::PathQuality> PathOf(std::string_view client_id) const;
  // Arrivals said that the client is overdue sooner than was known.
  void Rearm(const std::shared_ptr<Session>& session);
  // How often this server has stood so far.
  std::int64_t stall_count() const { return stalls_.load(std::memory_order_relaxed); }

  // Where the stream puts what its client tells of its work; it stays with the session.
  std::shared_ptr<WorkBoard> BoardOf(const std::shared_ptr<Session>& session);
  // A progress token went stale, or none is any more: STALLED or OK.
  void SetStalled(const std::shared_ptr<Session>& session, std::uint64_t attachment, bool stalled);

  // The session ends: LEFT, or DEAD for a non-zero exit code or a signal.
  void SayGoodbye(const std::shared_ptr<Session>& session, std::uint64_t attachment, Goodbye goodbye);

  // The stream ended without goodbye: SUSPECT at once, or, if this server had not
  // run for so long that the client may have given it up, at the deadline. An
  // event of an older attachment is dropped.
  // `link` is the stream's last look at its connection.
  void StreamClosed(const std::shared_ptr<Session>& session, std::uint64_t attachment, core::StreamEnd how,
                    const core::LinkEvidence& link = {});

  // NOT_FOUND CLIENT_NOT_FOUND; FAILED_PRECONDITION CLIENT_NOT_LIVE.
  absl::StatusOr<core::ClientView> Evict(std::string_view client_id, std::string_view reason);

  // From now on: no new session, no suspicion, no death; goodbyes still count.
  // What the end of this server does to its clients is not their fault.
  void BeginShutdown();

  // --- Time -----------------------------------------------------------------

  // Carries out what is due at `now`, after a look at the connections in question; returns when it wants to
  // be called again (MonoTime::max(): not before something changes). `expected` is when this call was meant
  // to happen: lateness beyond 20 ms is credited to every client, and so is time in which the machine or the
  // completion queues did not run (core/suspend_watch.h, core/canary_watch.h); nobody is due meanwhile.
  core::MonoTime Tick(core::MonoTime expected, core::MonoTime now);
  // `wake` is called, without the lock, when Tick should run sooner than it
  // last said. Set it before any other thread uses the registry.
  void OnEarlierDeadline(std::function<void(core::MonoTime)> wake);

  // Where each completion queue notes whom it hears, and the canary what it sends.
  QueuePulses& pulses() { return pulses_; }
  // kSpent: this server doubts that it can receive, and judges its clients all the same. Any thread.
  core::CanaryDoubt doubt() const { return doubt_.load(std::memory_order_relaxed); }
  // `tell` is called, without the lock, with what Tick finds out of this server.
  // Set it before any other thread uses the registry.
  void OnWitness(std::function<void(const WitnessEvent&)> tell);
  // The canary (this server's own client, over its own listener) got an answer at `answered_at` to what it
  // sent at `sent_at`. Until the first of these there is no canary, and nothing waits for one.
  void CanaryAnswered(core::MonoTime sent_at, core::MonoTime answered_at);

  // --- Queries --------------------------------------------------------------

  std::optional<core::ClientView> Get(std::string_view client_id) const;
  // Looks at no more than ~2000 records in one call, so that nobody waits long:
  // call again with `cursor` until `limit` is met or `done`.
  ScanResult Scan(const ScanRequest& request) const;
  Totals totals() const;
  std::uint64_t revision() const;
  const std::string& history_id() const;
  const RegistryOptions& options() const { return options_; }

  // History above `after` in order, or below `before` in reverse, `limit` at most.
  // `compacted`: the last revision that is no longer kept.
  struct HistoryPage {
    std::vector<core::TransitionPtr> transitions;
    std::uint64_t compacted = 0;
    std::uint64_t revision = 0;
  };
  HistoryPage HistoryAfter(std::uint64_t after, std::size_t limit) const;
  HistoryPage HistoryBefore(std::uint64_t before, std::size_t limit) const;

  // --- Watches --------------------------------------------------------------

  // OUT_OF_RANGE REVISION_IN_FUTURE; RESOURCE_EXHAUSTED TOO_MANY_WATCHERS.
  // `filter` decides what is told; `filter_key` is its text: watchers of one
  // text share their batches. See watch.h for how to take what is next.
  absl::StatusOr<std::shared_ptr<Watch>> StartWatch(WatchRequest request);

  // Hands transitions that are not yet published to the watchers; true if
  // there were any. Only one thread at a time.
  bool PublishPending();
  // `wake` is called, without the lock, when there is something to publish. Set
  // it before any other thread uses the registry.
  void OnPending(std::function<void()> wake);

 private:
  // What a change makes known, carried out once the lock is gone.
  struct Effects;
  // What becomes of a session at a transition.
  struct Change {
    core::State state = core::State::kUnspecified;
    core::Cause cause = core::Cause::kUnspecified;
    std::shared_ptr<core::Evidence> evidence;
  };

  // registry_attach.cc
  absl::Status CheckHello(const HelloRequest& hello, const Session* known) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  bool Resumes(const HelloRequest& hello, const Session* known) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  Attached Begin(HelloRequest hello, const std::shared_ptr<Session>& known, Effects& effects)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  Attached Resume(HelloRequest hello, const std::shared_ptr<Session>& session, Effects& effects)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // registry_sessions.cc
  // The session that a stream of this attachment still speaks for, else false.
  bool Owns(const Session& session, std::uint64_t attachment) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Bind(Session& session, const HelloRequest& hello, std::uint64_t attachment, core::MonoTime now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // The session ends for good; its stream, if any, is ended with `why`.
  void EndSession(const std::shared_ptr<Session>& session, Change change, const absl::Status& why,
                  Effects& effects) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Transit(const std::shared_ptr<Session>& session, core::ClientRecord after, Effects& effects)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
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

  // registry_witness.cc
  // Credits what this server did not run. True while time stands.
  bool StandsStill(core::MonoTime expected, core::MonoTime now, Effects& effects)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  bool HeedCanary(core::MonoTime now, Effects& effects) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  WitnessTotals WitnessTotalsNow() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

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
  void Forget(const std::shared_ptr<Session>& session, Effects& effects) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void ForgetBeyondBound(Effects& effects) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  core::Watched AsWatched(const Session& session) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Arm(Session& session, core::MonoTime when, Effects& effects) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // True if this server stood for so long, and so lately, that the client may
  // have closed on our account.
  bool MayHaveClosedForOurSake(const Session& session, core::MonoTime now) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // When the session wants its next turn if nothing happens until then.
  core::MonoTime NextTurn(const Session& session, core::MonoTime now) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  // registry_groups.cc
  // What the change completes: to be told with it. Null for most.
  core::GroupEventsPtr CountFalls(const core::ClientRecord* before, const core::ClientRecord& after,
                                  core::WallTime wall, core::MonoTime now, Effects& effects)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // True if the death of a client, due now, must not be told yet; the session is armed for when to ask again.
  bool IsDeathHeld(Session& session, core::MonoTime now, Effects& effects) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void CountDoubt(core::MonoTime now, Effects& effects) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // The mark of the record that follows `before`.
  void MarkFlapping(Session& session, const core::ClientRecord* before, core::ClientRecord& after,
                    core::MonoTime now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // When the mark of a live client goes; MonoTime::max() if it has none.
  core::MonoTime CalmAt(const Session& session) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  core::Vitals VitalsOf(const Session& session, core::MonoTime now) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void CarryOut(Effects& effects) ABSL_LOCKS_EXCLUDED(mu_);

  class WatchImpl;

  const RegistryOptions options_;
  const common::Clock& clock_;
  storage::Store& store_;
  const std::shared_ptr<const std::string> server_id_;
  std::function<void(core::MonoTime)> wake_detector_;      // set before the first thread starts
  std::function<void()> wake_publisher_;                   // likewise
  std::function<void(const WitnessEvent&)> tell_witness_;  // likewise
  std::atomic<std::int64_t> stalls_{0};
  std::atomic<core::CanaryDoubt> doubt_{core::CanaryDoubt::kNone};
  QueuePulses pulses_;

  mutable common::Mutex mu_;
  SessionTable table_ ABSL_GUARDED_BY(mu_);
  History history_ ABSL_GUARDED_BY(mu_);
  core::DeadlineWheel wheel_ ABSL_GUARDED_BY(mu_);
  core::WitnessClock witness_ ABSL_GUARDED_BY(mu_);
  core::SuspendWatch suspends_ ABSL_GUARDED_BY(mu_);
  core::CanaryWatch canary_ ABSL_GUARDED_BY(mu_);
  std::vector<core::Pulse> pulses_read_ ABSL_GUARDED_BY(mu_);
  core::Duration settling_ ABSL_GUARDED_BY(mu_){};
  bool told_doubt_ ABSL_GUARDED_BY(mu_) = false;  // the open episode is known outside
  core::MonoTime next_tick_ ABSL_GUARDED_BY(mu_) = core::MonoTime::max();
  core::MonoTime last_tick_ ABSL_GUARDED_BY(mu_);
  std::uint64_t published_ ABSL_GUARDED_BY(mu_);
  std::uint64_t next_probe_ ABSL_GUARDED_BY(mu_) = 1;
  core::Scorecard scorecard_ ABSL_GUARDED_BY(mu_);
  core::MonoTime observed_until_ ABSL_GUARDED_BY(mu_);  // the scorecard's client time is summed up to here
  std::int64_t unread_credits_ ABSL_GUARDED_BY(mu_) = 0;
  bool shutting_down_ ABSL_GUARDED_BY(mu_) = false;
  core::MassFailure mass_ ABSL_GUARDED_BY(mu_);
  core::SelfDoubt self_doubt_ ABSL_GUARDED_BY(mu_);
  std::int64_t held_deaths_ ABSL_GUARDED_BY(mu_) = 0;

  WatchHub hub_;
};

}  // namespace liveness::registry
