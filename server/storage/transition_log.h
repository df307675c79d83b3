// Transitions in memory, in revision order, found by what a HistoryQuery asks.
//
// Beside each transition lies what it is searched by, so that a search touches no
// record that it does not want: whoever guards it with a busy lock can afford a look
// through all of a few 100,000.
//
// Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string_view>
#include <vector>

#include "server/storage/store.h"

namespace liveness::storage {

class TransitionLog {
 public:
  // REQUIRES: a revision not below the last one's.
  void Append(core::TransitionPtr transition);
  // REQUIRES: not empty.
  void DropOldest() { entries_.pop_front(); }
  void Clear() { entries_.clear(); }

  std::size_t size() const { return entries_.size(); }
  bool empty() const { return entries_.empty(); }
  // REQUIRES: not empty.
  std::uint64_t oldest() const { return entries_.front().transition->revision(); }

  // Those that match: about `query.limit`, more if several share the last one's revision.
  std::vector<core::TransitionPtr> Read(const HistoryQuery& query) const;

 private:
  struct Entry {
    core::TransitionPtr transition;
    core::WallTime time;
    std::uint32_t client = 0;  // hash of the client's id
  };
  using Entries = std::deque<Entry>;
  template <typename Iterator>
  static std::vector<core::TransitionPtr> Collect(Iterator first, Iterator last, const HistoryQuery& query);

  Entries entries_;
};

}  // namespace liveness::storage
