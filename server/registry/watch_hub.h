// Hands published transitions to the watchers: one filter evaluation and one
// batch per filter, one bounded mailbox per watcher.
//
// Thread-safe, with a lock of its own that is taken after the registry's or
// alone, never before it. No callback is called under it.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "common/mutex.h"
#include "server/registry/watch.h"

namespace liveness::registry {

class WatchHub;

// Where published batches wait for one watcher.
class Mailbox {
 public:
  struct Taken {
    std::vector<std::shared_ptr<const Batch>> batches;
    std::uint64_t revision = 0;  // everything published up to here has been taken
    bool overrun = false;        // transitions were dropped: nothing else counts
  };

  // Leaves the hub. Must not outlive it.
  ~Mailbox();
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;

  // The published revision when it was opened: it receives what is above.
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
  std::deque<std::shared_ptr<const Batch>> waiting_;
  std::size_t waiting_transitions_ = 0;
  std::uint64_t wanted_revision_ = 0;
  bool idle_ = false;
  bool overrun_ = false;
};

class WatchHub {
 public:
  // `start`: the revision that counts as published already.
  WatchHub(std::uint64_t start, std::size_t max_mailbox, std::size_t max_watchers);

  // Null if there are too many watchers.
  std::shared_ptr<Mailbox> Open(const WatchRequest& request);

  // Tells every watcher whom it concerns. `lost`: transitions before these are
  // gone, so every watcher is overrun. REQUIRES: one caller at a time.
  void Publish(const std::vector<core::TransitionPtr>& transitions, std::uint64_t revision, bool lost);

  std::int64_t watchers() const;

 private:
  friend class Mailbox;
  // Watchers of one filter text.
  struct Group {
    RecordFilter filter;
    std::vector<Mailbox*> mailboxes;
  };

  void Overrun(Mailbox& mailbox) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Deliver(Mailbox& mailbox, const std::vector<std::shared_ptr<const Batch>>& batches)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const std::size_t max_mailbox_;
  const std::size_t max_watchers_;

  mutable common::Mutex mu_;
  std::uint64_t published_ ABSL_GUARDED_BY(mu_);
  std::size_t watchers_ ABSL_GUARDED_BY(mu_) = 0;
  absl::flat_hash_map<std::string, Group> groups_ ABSL_GUARDED_BY(mu_);
};

}  // namespace liveness::registry
