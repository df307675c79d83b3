// Hands published transitions to the watchers: one filter evaluation and one
// batch per filter, one bounded mailbox per watcher.
//
//   Publish()    appends to a log of what was committed
//   Work()       the filters take turns at it: each evaluates a stretch of the log that is
//                as long as its cost allows, and its batches go to its watchers' mailboxes
//
// So a dear filter delays its own watchers: the others wait for one turn of each, and
// never for its whole backlog. A filter that falls too far behind has its watchers
// overrun, as a slow watcher is: they are told of a gap and read a snapshot instead.
//
// Thread-safe, with a lock of its own that is taken after the registry's or alone, never
// before it. Nothing that takes long happens under it: no filter is evaluated, no
// transition is freed, no callback is called.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "common/mutex.h"
#include "server/core/filter/filter_cost.h"
#include "server/registry/watch/watch.h"

namespace liveness::registry {

class WatchHub;

// How far behind the watchers are.
struct WatchLoad {
  std::int64_t watchers = 0;
  std::size_t queued = 0;       // transitions in all mailboxes
  std::size_t most_queued = 0;  // in the fullest
  std::size_t unfiltered = 0;   // published, and still to be looked at for the slowest filter
  std::uint64_t overruns = 0;   // times that a watcher lost its place, since the start
  // When the oldest of all that waits for somebody was decided; nothing if nothing waits.
  std::optional<core::WallTime> oldest;
};

// Where published batches wait for one watcher.
class Mailbox {
 public:
  using Batches = std::deque<std::shared_ptr<const Batch>>;
  struct Taken {
    std::vector<std::shared_ptr<const Batch>> batches;
    std::uint64_t revision = 0;  // everything published up to here has been taken
    bool overrun = false;        // transitions were dropped: nothing else counts
  };

  // Leaves the hub. Must not outlive it.
  ~Mailbox();
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;

  // The revision up to which its filter was evaluated when it was opened: it receives what is above.
  std::uint64_t opened_at() const { return opened_at_; }

  // Takes what waits, up to about `max_transitions`. If that is nothing, the
  // watcher is woken once something waits, or `wanted_revision` (0: none) is
  // published even though its filter lets nothing through.
  Taken Take(std::size_t max_transitions, std::uint64_t wanted_revision);

  // Empties it: receives only what is published from now on, and returns the
  // revision above which that is.
  std::uint64_t Reset();

  // True if transitions were dropped, and Take() has not said so yet.
  bool overrun() const;

  // The published revision, if nothing waits.
  std::optional<std::uint64_t> Caught() const;

 private:
  friend class WatchHub;
  Mailbox(WatchHub& hub, const WatchRequest& request);

  WatchHub& hub_;
  const std::string filter_key_;
  const std::function<void()> on_ready_;
  std::uint64_t opened_at_ = 0;

  // Guarded by the hub's lock.
  Batches waiting_;
  std::size_t waiting_transitions_ = 0;
  std::uint64_t wanted_revision_ = 0;
  bool idle_ = false;
  bool overrun_ = false;
};

class WatchHub {
 public:
  struct Options {
    std::size_t max_mailbox = 100'000;  // transitions that wait for one watcher, or for one filter
    std::size_t max_watchers = 1'000;
    std::int64_t max_dear_filters =
        core::kMaxDearWatchFilters;  // units, see server/core/filter/filter_cost.h
  };

  // `start`: the revision that counts as published already.
  WatchHub(std::uint64_t start, const Options& options);

  // RESOURCE_EXHAUSTED, with a retry delay: TOO_MANY_WATCHERS; WATCH_FILTERS_TOO_COSTLY if the filter is no
  // small one and all distinct ones of that kind together would cost more than the server spends on them.
  absl::StatusOr<std::shared_ptr<Mailbox>> Open(const WatchRequest& request);

  // Appends `transitions`, the last of which (if any) has `revision`. `lost`: others before these are gone,
  // so every watcher is overrun. REQUIRES: one thread calls Publish and Work.
  void Publish(std::vector<core::TransitionPtr> transitions, std::uint64_t revision, bool lost);
  // Does some milliseconds of what is to be done; true if it did anything. Wakes the watchers that have
  // something to pull now.
  bool Work();

  // `wake` is called, without the lock and from any thread, when Work() has something to do that no Publish()
  // told of. Set it before any other thread uses the hub.
  void OnWork(std::function<void()> wake) { wake_ = std::move(wake); }

  std::int64_t watchers() const;
  // Takes some 10 ns a watcher, with the lock held.
  WatchLoad load() const;

 private:
  friend class Mailbox;
  // What was published at once.
  struct Chunk {
    std::vector<core::TransitionPtr> transitions;
    std::uint64_t revision = 0;
    bool lost = false;
    std::uint64_t begin = 0;  // transitions published before it
  };
  // Watchers of one filter text. The fields that change are guarded by the hub's lock.
  struct Group {
    RecordFilter filter;
    std::int64_t cost = 0;
    std::vector<Mailbox*> mailboxes;
    std::uint64_t next_chunk = 0;  // where in the log it goes on
    std::size_t next_in_chunk = 0;
    std::uint64_t told = 0;  // evaluated up to this revision
  };
  // A stretch of the log that one group evaluates without the lock.
  struct Turn {
    std::shared_ptr<const Chunk> chunk;  // null: nothing is to be done
    std::size_t first = 0, last = 0;
    bool lost = false;
  };

  static std::size_t StretchOf(const Group& group);
  Turn BeginTurn(Group& group) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void EndTurn(Group& group, const Turn& turn, const std::vector<std::shared_ptr<const Batch>>& batches,
               std::vector<Mailbox::Batches>& dropped, std::vector<std::function<void()>>& wakes)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Evaluates and delivers one stretch. Returns what it cost, 0 if there was nothing to do.
  std::int64_t TakeTurn(Group& group) ABSL_LOCKS_EXCLUDED(mu_);
  void Overrun(Mailbox& mailbox, std::vector<Mailbox::Batches>& dropped) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Frees batches that were dropped: few at once, many when Work() is called, because freeing takes long.
  void Discard(Mailbox::Batches batches) ABSL_LOCKS_EXCLUDED(mu_);
  bool EmptyTrash() ABSL_LOCKS_EXCLUDED(mu_);
  void TrimLog() ABSL_LOCKS_EXCLUDED(mu_);

  const Options options_;
  std::function<void()> wake_;  // set before the first thread starts

  mutable common::Mutex mu_;
  std::uint64_t published_ ABSL_GUARDED_BY(mu_);
  std::size_t watchers_ ABSL_GUARDED_BY(mu_) = 0;
  std::int64_t dear_filters_ ABSL_GUARDED_BY(mu_) = 0;  // the sum of their costs
  absl::flat_hash_map<std::string, std::shared_ptr<Group>> groups_ ABSL_GUARDED_BY(mu_);  // bounded: watches
  std::deque<std::shared_ptr<const Chunk>> log_ ABSL_GUARDED_BY(mu_);
  std::uint64_t first_chunk_ ABSL_GUARDED_BY(mu_) = 0;  // the number of log_.front()
  std::uint64_t appended_ ABSL_GUARDED_BY(mu_) = 0;     // transitions, ever
  std::uint64_t overruns_ ABSL_GUARDED_BY(mu_) = 0;
  std::vector<Mailbox::Batches> trash_ ABSL_GUARDED_BY(mu_);

  // Used by the one thread that calls Work(), and by nobody else.
  std::vector<std::shared_ptr<Group>> round_;  // the groups whose turn is still to come, the next one last
  Mailbox::Batches discarded_;
};

}  // namespace liveness::registry
