// Where a registry's truth lives: the seam behind which memory, SQLite and etcd
// take each other's place.
//
// A registry decides on changes of records and proposes them; the store commits
// each, gives it its revision, and says so. Nothing is welcomed or told before
// that. Heartbeats never come here.
//
//   registry                                store
//      |--- Propose(before, after) ----------->|   under the registry's lock: queued
//      |<---------- OnCommitted(revision) -----|   on a thread of the store's, in revision order
//      |<---------- OnRefused(why) ------------|   or not at all: somebody else wrote, or it failed
//
// Who writes to one record proposes one change at a time: the next when the
// outcome of the last is known. Changes of different records may be under way
// together, and are committed in any order.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/core/record/record.h"
#include "server/storage/notes/notes.h"

namespace liveness::storage {

using TokenKey = std::array<std::uint8_t, 32>;

// A change that a server has decided on.
struct Proposal {
  std::uint64_t id = 0;    // the proposer's: not 0, not used twice
  core::RecordPtr before;  // the committed record that it changes; null: the client is not known
  // What becomes of it. Its `revision` does not count; an `incarnation` of 0 begins
  // a session. In state FORGOTTEN the record goes.
  core::RecordPtr after;
  core::WallTime time{};
};

// A change that holds, whatever happens to this process.
struct Committed {
  std::uint64_t proposal = 0;  // 0: another server's
  core::RecordPtr after;       // with its revision and incarnation
  core::WallTime time{};
};

// Whom a store tells. Implemented by the registry.
class StoreListener {
 public:
  virtual ~StoreListener() = default;
  // These changes of this server's, which bear their revisions, are about to be committed, each in one piece
  // with the `groups` that the listener gives it. If that fails they are told all the same, or asked for once
  // more, under other revisions and maybe not together; only what begins a session may be refused then. Only
  // a store that gives out revisions itself can ask; never under a lock of the store's.
  virtual void OnCommitting(std::vector<core::Transition>& /*changes*/) {}
  // In revision order; changes that share a revision come in one call. One call
  // at a time, never under a lock of the store's.
  virtual void OnCommitted(std::vector<Committed> changes) = 0;
  // The proposal is not committed and never will be.
  //   UNAVAILABLE STORE_UNAVAILABLE  the store fails; only a change that begins a session, and not one that
  //                                  was under way in that moment: it may hold, and waits for the store
  //   ABORTED CONFLICT               another server wrote first: what it wrote has been told before this
  virtual void OnRefused(std::uint64_t proposal, const absl::Status& why) = 0;
  // The servers that hold a lease on the store now, this one included; told when this one has its own for the
  // first time, and whenever it changes. Only a shared store tells.
  virtual void OnServers(const std::vector<std::string>& server_ids) = 0;
  // Changes with revisions in (after, until] were not seen one by one. What they came to is told next, by
  // OnCommitted under revisions in that range and one change for each client at most; then OnGapTold(until).
  // Whoever follows the changes must be told that some are missing, and not before the gap is told in full.
  virtual void OnGap(std::uint64_t after, std::uint64_t until) = 0;
  virtual void OnGapTold(std::uint64_t until) = 0;
};

// Everything as it was when a process took the store over.
struct Contents {
  std::vector<core::RecordPtr> records;  // one a client
  std::uint64_t revision = 0;            // all up to here is in `records`; the next is above it
  // The last revision of which anything is kept; 0: the same as `revision`. As far as the store knows,
  // none between the two was ever given out.
  std::uint64_t last_known = 0;
};

// How far the look for a time range has come that one call did not finish.
struct TimeSearch {
  // Of what lies in the range, in the order of times and then revisions, all up to here was looked at.
  core::WallTime time{};
  std::uint64_t revision = 0;
  // The last that there was when the search began: nothing above is looked at.
  std::uint64_t known_until = 0;
  // Of what was looked at; the first is above the last if there was none.
  std::uint64_t first_revision = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t last_revision = 0;
  bool done = false;
};

// What to read of the past.
struct HistoryQuery {
  std::uint64_t after = 0;                                           // revisions above
  std::uint64_t before = std::numeric_limits<std::uint64_t>::max();  // and below
  bool newest_first = false;
  std::string client_id;                // empty: of all
  std::optional<core::WallTime> from;   // not before
  std::optional<core::WallTime> until;  // before
  std::size_t limit = 100;              // about: transitions that share a revision are not split
  std::optional<TimeSearch> search;     // what the part before it gave, asked for the same times
};

struct HistoryPart {
  std::vector<core::TransitionPtr> transitions;
  std::uint64_t compacted = 0;  // history up to here is no longer kept
  // Of the revisions in (first, second] some or all are missing: they were told while the store failed, or
  // not seen one by one, or dropped because one client had too many. In order.
  std::vector<std::pair<std::uint64_t, std::uint64_t>> gaps;
  // Set if there may be more although `limit` was not met: a call looks at so much and no more, so that
  // nobody waits long. All up to this revision (newest first: down to it) was looked at; ask again beyond it,
  // with `search`.
  std::optional<std::uint64_t> stopped_at;
  std::optional<TimeSearch> search;
};

// Thread-safe, but for Load, Start and Stop.
class Store {
 public:
  virtual ~Store() = default;

  // `memory`, `sqlite` or `etcd`.
  virtual std::string_view kind() const = 0;
  // Names this line of revisions: 16 hex digits. Valid from the start.
  virtual const std::string& history_id() const = 0;
  // Authenticates resume and page tokens; the same after a restart and on every server of a cluster.
  virtual const TokenKey& token_key() const = 0;
  // True if other servers write to it as well.
  virtual bool shared() const { return false; }

  // What it holds. Once, before Start.
  virtual absl::StatusOr<Contents> Load() = 0;
  // From now on proposals are taken and `listener` is told. Once.
  virtual void Start(StoreListener& listener) = 0;
  // Commits what was proposed, as far as that can be done soon; tells nothing after it returns.
  virtual void Stop() = 0;

  // Takes a change. Quick: called under the registry's lock; never calls back.
  // A store that commits at once returns the record with its revision, and does
  // not tell the listener; otherwise null.
  // REQUIRES: the outcome of the last proposal for this client is known.
  virtual core::RecordPtr Propose(Proposal proposal) = 0;

  // A client has proved that `revision` was given out to it, by a token that only this store's key can have
  // signed, and nothing of that is known: the store is not what it was (docs/adr/0020). A store that gives
  // out revisions itself goes on above it with the next proposal; a shared one finds out whether it is only
  // late, and if not stops committing and says so in health(). Quick: called under the registry's lock.
  virtual void OnLostRevision(std::uint64_t /*revision*/) {}

  // Committed transitions, or a part of them: see HistoryPart::stopped_at. A call takes some milliseconds and
  // may read a disk: not for a thread that serves streams.
  // UNIMPLEMENTED where the registry's own memory is all there is.
  virtual absl::StatusOr<HistoryPart> ReadHistory(const HistoryQuery& query) const = 0;

  // What else is to outlive this process. Lives as long as the store.
  virtual Notes& notes() = 0;

  // History up to here is no longer kept; nothing: the store keeps none. Quick.
  virtual std::optional<std::uint64_t> compacted() const { return std::nullopt; }

  // OK, or why it cannot commit now (in an operator's words): then this server is not ready.
  virtual absl::Status health() const { return absl::OkStatus(); }
  // False while the other servers of a shared store must take this one for gone: its lease has run out.
  virtual bool has_lease() const { return true; }
};

// `record` as committed under `revision`.
inline core::RecordPtr Stamped(const core::ClientRecord& record, std::uint64_t revision) {
  auto stamped = std::make_shared<core::ClientRecord>(record);
  stamped->revision = revision;
  if (stamped->incarnation == 0) stamped->incarnation = revision;
  return stamped;
}

}  // namespace liveness::storage
