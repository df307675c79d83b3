// The transitions that etcd has told, in revision order: the last of them, up to
// a bound, in memory. The records are those that the registry was told, so
// each costs little more than a few pointers.
//
// Thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "common/mutex.h"
#include "server/storage/store.h"
#include "server/storage/transition_log.h"

namespace liveness::storage::etcd {

class RecentHistory {
 public:
  explicit RecentHistory(std::size_t max_transitions) : log_(0, {.transitions = max_transitions}) {}

  // Begins (again) after `revision`, with nothing.
  void StartAfter(std::uint64_t revision);
  // REQUIRES: they share a revision above the last one's.
  void Append(std::vector<core::TransitionPtr> transitions);
  // What happened in (after, until] is known only in part.
  void AddGap(std::uint64_t after, std::uint64_t until);

  HistoryPart Read(const HistoryQuery& query) const;
  // The last revision that is no longer kept.
  std::uint64_t compacted() const;

 private:
  mutable common::Mutex mu_;
  TransitionLog log_ ABSL_GUARDED_BY(mu_);
};

}  // namespace liveness::storage::etcd
