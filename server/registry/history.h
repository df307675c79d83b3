// The last transitions, in revision order, bounded by their number. Those that share a
// revision are kept or dropped together.
// Not thread-safe: the registry guards it with its lock.
#pragma once

#include <cstdint>
#include <vector>

#include "server/core/record.h"
#include "server/storage/transition_log.h"

namespace liveness::registry {

class History {
 public:
  // `start`: the revision before the first.
  History(std::uint64_t start, std::size_t max_transitions)
      : max_transitions_(max_transitions), compacted_(start), last_(start) {}

  // REQUIRES: a revision not below the last one's.
  void Append(core::TransitionPtr transition);

  // About `query.limit`, more if several share the last one's revision.
  std::vector<core::TransitionPtr> Read(const storage::HistoryQuery& query) const { return log_.Read(query); }

  // The last revision that is no longer kept.
  std::uint64_t compacted() const { return compacted_; }
  std::uint64_t last() const { return last_; }

 private:
  const std::size_t max_transitions_;
  storage::TransitionLog log_;
  std::uint64_t compacted_;
  std::uint64_t last_;
};

}  // namespace liveness::registry
