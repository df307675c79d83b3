// What the registry is told and what it answers. See registry.h.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/core/detection/quality.h"
#include "server/core/detection/scorecard.h"
#include "server/core/filter/filter_cost.h"
#include "server/core/fleet/flap_damping.h"
#include "server/core/fleet/mass_failure.h"
#include "server/core/record/record.h"
#include "server/core/time/canary_watch.h"
#include "server/registry/records/session.h"
#include "server/registry/records/session_table.h"
#include "server/storage/store.h"

namespace liveness::registry {

struct RegistryOptions {
  std::string server_id;
  core::Duration resume_grace = std::chrono::seconds(1);  // 0 is allowed
  core::Duration restart_grace = std::chrono::seconds(5);
  core::Duration keep_dead = std::chrono::hours(24);
  core::Duration keep_left = std::chrono::hours(1);
  std::size_t max_clients = 1'000'000;  // live ones
  std::size_t max_ended = 100'000;      // DEAD and LEFT records kept
  std::size_t max_history = 200'000;    // transitions kept in memory
  std::size_t max_watchers = 1'000;
  std::size_t max_mailbox = 100'000;  // transitions that wait for one watcher
  std::int64_t max_dear_watch_filters =
      core::kMaxDearWatchFilters;  // units: server/core/filter/filter_cost.h
  std::size_t queues = 1;          // completion queues, each with a canary
  // The most that is credited in one episode without proof: on the canary's word,
  // and after the machine slept.
  core::Duration max_doubt = std::chrono::seconds(10);
  core::MassFailure::Options mass;
  double doubt_share = 0.9;  // of all live clients fell: this server doubts itself; 1: never
  core::FlapOptions flap;
  std::vector<std::string> count_labels;  // keys of labels whose values are counted: label_counts.h
  // Called, without the lock and from any thread, with what belongs in an operator's log. May be null.
  std::function<void(const std::string&)> on_notice;
};

// A hello that was found to be valid.
struct HelloRequest {
  core::ClientInfo info;
  core::Duration interval{};  // as negotiated
  core::Duration timeout{};
  // Adaptive detection with that level of suspicion; nullopt: the timeout alone.
  std::optional<double> accrual_threshold;
  std::optional<core::QualitySolution> quality;  // interval and timeout are from it
  // The session that an authentic resume token of this client names.
  std::optional<std::uint64_t> resume_incarnation;
  std::shared_ptr<const core::Keepalive> keepalive;  // may be null
  std::shared_ptr<StreamHandle> stream;
  // The session's stream, if it has one, is to be kept until the client speaks on this one.
  bool beside = false;
};

// The answer to a hello: its stream is bound to `session`, or waits beside the session's own, as
// `attachment`.
struct Attached {
  std::shared_ptr<Session> session;
  std::uint64_t attachment = 0;
  std::uint64_t incarnation = 0;
  core::Duration resume_grace{};
  bool resumed = false;
  bool stalled = false;                // the session is STALLED, which the new stream's pings may end
  std::shared_ptr<Arrivals> arrivals;  // null: how its pings arrive is not measured
  core::Duration vouched_for{};        // from the hello on: Registry::Vouch()
};

// Called exactly once, without the lock, with the answer to a hello, or why there is none.
using AttachDone = std::function<void(absl::StatusOr<Attached>)>;

struct Goodbye {
  std::string reason;
  std::optional<std::int32_t> exit_code;
  std::optional<std::int32_t> signal;
};

// What this server found out about itself ("it").
struct WitnessEvent {
  enum class Kind : std::uint8_t {
    kStalled,     // it did not run for `length`
    kSuspended,   // the machine slept for `length`
    kDoubtBegan,  // the canary is not heard, `length` was credited: an episode, see core/time/canary_watch.h
    kDoubtSpent,  // its credit of `length` is used up: not ready until it ends
    kDoubtEnded,  // `length` was credited in it
    kStoreFails,  // nothing can be committed, for the reason in `text`: not ready
    kStoreBack,   // it can, after `length`
    kLeaseLost,   // its lease on a shared store has run out: other servers take it for gone
    kLeaseBack,   // it has one again, after `length`
    kSelfDoubtBegan,  // nearly all clients fell together, as `text` says: deaths wait
    kSelfDoubtEnded,
  };
  Kind kind = Kind::kStalled;
  core::Duration length{};
  std::string text;
};

// What was credited beyond the stalls that the detector's own lateness proves.
struct WitnessTotals {
  core::Duration canary_credited{};                    // on the canary's word alone
  std::int64_t canary_doubts = 0;                      // times that a queue's canary was not heard
  std::int64_t canary_episodes = 0;                    // that those doubts belong to
  bool in_doubt = false;                               // a queue is, now
  core::CanaryDoubt doubt = core::CanaryDoubt::kNone;  // the episode that is open
  std::int64_t suspends = 0;                           // times that the machine slept
  core::Duration suspended{};                          // for so long
  core::Duration settling{};                           // what was credited right after that
};

struct Totals {
  Counts counts;
  CountsByHealth counts_by_health{};
  std::uint64_t revision = 0;
  std::int64_t watchers = 0;
  core::Scorecard scorecard;
  core::Duration credited{};        // on the witness clock
  std::int64_t stalls = 0;          // that it was credited for
  std::int64_t unread_credits = 0;  // suspicions put off because a socket held unread bytes
  WitnessTotals witness;
  std::int64_t group_events = 0;
  std::int64_t doubts = 0;          // how often this server has doubted itself
  bool doubts_itself = false;       // now
  std::int64_t held_deaths = 0;     // that waited because it did
  std::size_t pending_clients = 0;  // that have a change under way
};

// How far a SetMaintenance has come.
struct MaintenanceCursor {
  std::string after;                   // exclusive; empty: from the start
  std::optional<std::uint64_t> began;  // the revision at its first call
  // All clients were looked at once; now those are that have changed since, or are new.
  bool again = false;
};

struct MaintenanceRequest {
  std::string client_id;     // only this one; empty: all that match
  MaintenanceCursor cursor;  // as the call before gave it
  // Called for each record, without the lock. Null: all.
  std::function<bool(const core::ClientRecord&, const core::Vitals&)> matches;
  std::int64_t filter_cost = 0;                           // of `matches`, as ScanRequest's
  std::optional<core::WallTime> until;                    // nothing or past: ends it
  std::shared_ptr<const core::MaintenanceOrigin> origin;  // may be null
};

// Called once, without the lock, when a change of a client's maintenance is committed or will not be.
using MaintenanceSettled = std::function<void(const absl::Status&)>;

struct MaintenanceResult {
  std::int64_t matched = 0;
  std::int64_t changed = 0;  // of these: whose health is another now
  MaintenanceCursor cursor;
  bool done = false;
};

struct ScanRequest {
  std::string after;  // exclusive; empty: from the start
  bool descending = false;
  std::size_t limit = 100;  // views to return at most
  bool committed = false;   // also while the store fails, when this server's own truth is shown otherwise
  // Called for each record, without the lock. Null: all.
  std::function<bool(const core::ClientRecord&, const core::Vitals&)> matches;
  std::int64_t filter_cost = 0;  // of `matches`, in the units of server/core/filter/filter_cost.h
};

struct ScanResult {
  std::vector<core::ClientView> views;
  std::string cursor;  // the last id that was looked at; pass it as the next `after`
  bool done = false;   // the table's end was reached
  std::uint64_t revision = 0;
};

// A part of the past.
struct HistoryPage {
  std::vector<core::TransitionPtr> transitions;
  std::uint64_t compacted = 0;  // the last revision that is no longer kept
  std::uint64_t revision = 0;
  // These as in storage::HistoryPart. Of the revisions in (first, second] some or all are missing.
  std::vector<std::pair<std::uint64_t, std::uint64_t>> gaps;
  std::optional<std::uint64_t> stopped_at;
  std::optional<storage::TimeSearch> search;
};

}  // namespace liveness::registry
