// The last transitions, in revision order, bounded by their number.
// Not thread-safe: the registry guards it with its lock.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "server/core/record.h"

namespace liveness::registry {

class History {
 public:
  // `start`: the revision before the first.
  History(std::uint64_t start, std::size_t max_transitions)
      : max_transitions_(max_transitions), compacted_(start), last_(start) {}

  // REQUIRES: a revision not below the last one's.
  void Append(core::TransitionPtr transition);

  // Those with a revision above `after`, oldest first; about `limit`, more if
  // several share the last one's revision. REQUIRES: limit > 0.
  std::vector<core::TransitionPtr> After(std::uint64_t after, std::size_t limit) const;
  // Those with a revision below `before`, newest first; likewise.
  std::vector<core::TransitionPtr> Before(std::uint64_t before, std::size_t limit) const;

  // The last revision that is no longer kept.
  std::uint64_t compacted() const { return compacted_; }
  std::uint64_t last() const { return last_; }

 private:
  const std::size_t max_transitions_;
  std::deque<core::TransitionPtr> transitions_;
  std::uint64_t compacted_;
  std::uint64_t last_;
};

}  // namespace liveness::registry
