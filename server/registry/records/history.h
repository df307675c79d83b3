// The last transitions, in revision order, bounded by their number (transition_log.h says what goes first),
// and what is known to be missing among them.
// Not thread-safe: the registry guards it with its lock.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "server/core/record/record.h"
#include "server/storage/transition_log.h"

namespace liveness::registry {

class History {
 public:
  // `start`: the revision before the first.
  History(std::uint64_t start, std::size_t max_transitions)
      : log_(start, {.transitions = max_transitions}), last_(start), published_(start) {}

  // REQUIRES: a revision not below the last one's.
  void Append(core::TransitionPtr transition);

  // Changes in (after, until] were not seen one by one; the transitions that are appended next are what those
  // changes came to.
  void BeginGap(std::uint64_t after, std::uint64_t until);
  // All that the gap's changes came to has been appended.
  void EndGap(std::uint64_t until);
  // While a gap is open: the revision before it.
  std::optional<std::uint64_t> open_gap() const { return open_gap_; }

  // About `query.limit`, more if several share the last one's revision; what one look finds.
  storage::TransitionLog::Slice Read(const storage::HistoryQuery& query) const {
    return log_.ReadSlice(query);
  }
  // Of which revisions in (after, before) some or all are missing, beyond what is compacted.
  storage::RevisionGaps Gaps(std::uint64_t after, std::uint64_t before) const {
    return log_.Gaps(after, before);
  }

  // Transitions that were appended, and that no earlier call of TakeUnpublished has taken.
  struct Unpublished {
    std::vector<core::TransitionPtr> transitions;
    std::uint64_t revision = 0;  // up to here; 0: there is nothing
    bool lost = false;           // others before these are missing
  };
  // About 1,000 of them at most: bounds how long the lock is held.
  Unpublished TakeUnpublished();

  // The last revision that is no longer kept.
  std::uint64_t compacted() const { return log_.compacted(); }
  // Above this only what Gaps() tells is missing.
  std::uint64_t complete_after() const { return log_.complete_after(); }
  std::uint64_t last() const { return last_; }

 private:
  storage::TransitionLog log_;
  std::uint64_t last_;
  std::uint64_t published_;
  std::optional<std::uint64_t> open_gap_;
};

}  // namespace liveness::registry
