// One watcher's view of the registry: a snapshot, then every transition.
//
// The thread that serves a watch pulls: Next() returns what can be sent now, after a look of bounded length
// that may find nothing although there is more. Pulling paces the snapshot (one part a call), so a slow
// watcher costs no memory for it. Transitions wait in a bounded mailbox; when it overflows they are dropped
// and the next pull says so: a gap, then a fresh snapshot.
//
// What was pulled, replayed, equals the registry at `revision` of every item
// from the one with `snapshot_done` on. Nothing is told that a part of the
// snapshot showed already: whoever applies what comes, as it comes, is right.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "common/mutex.h"
#include "server/core/record/record.h"

namespace liveness::registry {

// Transitions and group events in revision order, shared by all watchers of one
// filter. A batch is not empty, and at most kMaxBatch long unless more share one
// revision. A group event has the revision of the fall that completed it; that
// transition is missing where the filter does not let it through.
class Batch {
 public:
  explicit Batch(std::vector<core::TransitionPtr> transitions, core::GroupEvents groups = {})
      : transitions_(std::move(transitions)), groups_(std::move(groups)) {}
  const std::vector<core::TransitionPtr>& transitions() const { return transitions_; }
  const core::GroupEvents& groups() const { return groups_; }
  std::size_t size() const { return transitions_.size() + groups_.size(); }
  std::uint64_t first_revision() const {
    if (transitions_.empty()) return groups_.front().revision;
    if (groups_.empty()) return transitions_.front()->revision();
    return std::min(transitions_.front()->revision(), groups_.front().revision);
  }
  core::WallTime first_time() const {
    return transitions_.empty() ? groups_.front().time : transitions_.front()->time;
  }
  std::uint64_t last_revision() const {
    return std::max(transitions_.empty() ? 0 : transitions_.back()->revision(),
                    groups_.empty() ? 0 : groups_.back().revision);
  }

  // The batch in the form of whoever serves it, made by the first who asks for that form and kept. Nobody
  // waits for another's making it: two who ask at once may both make it.
  template <typename T, typename Encode>
  const T& EncodedAs(Encode encode) const {
    if (const void* const known = Find(&kForm<T>)) return *static_cast<const T*>(known);
    return *static_cast<const T*>(Keep(&kForm<T>, std::make_shared<T>(encode(*this))));
  }
  template <typename T>
  bool IsEncodedAs() const {
    return Find(&kForm<T>) != nullptr;
  }

 private:
  // Whose address names a form.
  template <typename T>
  static constexpr char kForm = 0;
  using Form = std::pair<const void*, std::shared_ptr<void>>;

  const void* Find(const void* form) const {
    common::MutexLock lock(mu_);
    return FindLocked(form);
  }
  const void* FindLocked(const void* form) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    for (const auto& [name, encoded] : forms_)
      if (name == form) return encoded.get();
    return nullptr;
  }
  const void* Keep(const void* form, std::shared_ptr<void> made) const {
    common::MutexLock lock(mu_);
    if (const void* const known = FindLocked(form)) return known;
    return forms_.emplace_back(form, std::move(made)).second.get();
  }

  const std::vector<core::TransitionPtr> transitions_;
  const core::GroupEvents groups_;
  mutable common::Mutex mu_;
  mutable std::vector<Form> forms_ ABSL_GUARDED_BY(mu_);  // only grows: there is one for each kind of service
};

inline constexpr std::size_t kMaxBatch = 256;

// True if a watcher wants to hear of a record. Null: of all.
struct RecordFilter : std::function<bool(const core::ClientRecord&)> {
  using function::function;
  // A group event is about many, of which the watcher knows some at best. False: it is not to hear of the
  // others, not even of how many they are.
  bool takes_groups = true;
};

// A watcher is told of a transition if the record matched before or after it, and of every group event that
// it takes.
inline bool Concerns(const RecordFilter& filter, const core::Transition& transition) {
  return !filter || filter(*transition.after) || (transition.before != nullptr && filter(*transition.before));
}

// What of `transitions` a watcher with this filter is told, in batches that are
// never cut between what shares a revision.
std::vector<std::shared_ptr<const Batch>> MakeBatches(const RecordFilter& filter,
                                                      const std::vector<core::TransitionPtr>& transitions);

struct WatchRequest {
  std::string filter_key;        // the filter's text
  RecordFilter filter;           // null: everything
  std::int64_t filter_cost = 0;  // of the filter, in the units of server/core/filter/filter_cost.h
  std::uint64_t start_revision = 0;
  std::string history_id;  // empty: this registry's
  // Called without any lock when Next() has something again after it had nothing.
  // May be called from any thread, also spuriously; must not block. May be null.
  std::function<void()> on_ready;
};

struct WatchGap {
  std::uint64_t after_revision = 0;
  std::uint64_t resumes_at_revision = 0;
};

// What is sent in one message. Empty when there is nothing now: the watcher is woken when there is.
struct WatchItem {
  std::optional<WatchGap> gap;
  std::vector<core::ClientView> clients;
  std::vector<std::shared_ptr<const Batch>> batches;
  bool snapshot_done = false;
  std::uint64_t revision = 0;  // everything up to here has been pulled; 0 before snapshot_done
  // What was looked at concerns nobody, and there is more to look at: pull again, nobody will wake you.
  bool more = false;

  bool has_content() const { return gap || !clients.empty() || !batches.empty() || snapshot_done; }
  bool empty() const { return !has_content() && !more; }
};

// Thread-safe, but one puller at a time. Ends when the last reference goes.
class Watch {
 public:
  virtual ~Watch() = default;
  virtual WatchItem Next() = 0;
  // True if the next call of Next() reads records or the past, maybe a disk: milliseconds, not for a thread
  // that serves streams. Otherwise it takes microseconds. For the puller.
  virtual bool heavy() const = 0;
  // For a bookmark: the revision up to which everything has been pulled, or nothing while something waits to
  // be pulled or the snapshot is not done. While the past is read: how far that has come. For the puller.
  virtual std::optional<std::uint64_t> Caught() const = 0;
  // OUT_OF_RANGE REVISION_IN_FUTURE while the revision that it starts from lies ahead of all that this server
  // has seen. With a shared store that need not be the watcher's mistake: another server may be further.
  virtual absl::Status Reached() const = 0;
};

}  // namespace liveness::registry
