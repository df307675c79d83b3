// The last transitions in memory, in revision order, found by what a HistoryQuery asks.
//
// Beside each transition lies what it is searched by, so that a search touches no
// record that it does not want. Whoever guards it with a busy lock searches it in
// slices all the same.
//
// Beyond its bound the oldest go, those of one revision together. But a client that
// has more than its share loses its own oldest first, so that nobody's endless
// changes push out everybody else's past; and so does a voice (core/fleet/scopes.h)
// that has more than half of all, so that no principal's thousands of ids do. What
// then lies below `complete_after()` is in part: a gap to whoever wants to know all
// that happened. What goes, goes one by one as others come: each knows its client's
// next, and a voice's are swept from the oldest on, a bounded look at a time.
//
// Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/flat_hash_map.h"
#include "server/storage/store.h"

namespace liveness::storage {

using RevisionGaps = std::vector<std::pair<std::uint64_t, std::uint64_t>>;

// In order, those that overlap made one.
RevisionGaps JoinGaps(RevisionGaps gaps);

class TransitionLog {
 public:
  struct Bounds {
    std::size_t transitions = 200'000;
    std::size_t per_client = 1'000;  // of one client, once the log is full
    std::size_t gaps = 1'000;        // beyond this the oldest two become one
  };

  // `start`: the revision before the first.
  TransitionLog(std::uint64_t start, Bounds bounds) : bounds_(bounds), compacted_(start), thinned_(start) {}

  // Begins (again) after `revision`, with nothing.
  void StartAfter(std::uint64_t revision);
  // REQUIRES: a revision not below the last one's.
  void Append(core::TransitionPtr transition);
  // Of the revisions in (after, until] some or all are missing. REQUIRES: above the gaps before.
  void AddGap(std::uint64_t after, std::uint64_t until);

  std::size_t size() const { return entries_.size(); }
  // The last revision that is no longer kept.
  std::uint64_t compacted() const { return compacted_; }
  // Above this only what gaps() tells is missing.
  std::uint64_t complete_after() const { return thinned_ > compacted_ ? thinned_ : compacted_; }
  // What is missing of the revisions in (after, before), beyond what is compacted.
  RevisionGaps Gaps(std::uint64_t after, std::uint64_t before) const;

  // What one look found.
  struct Slice {
    std::vector<core::TransitionPtr> transitions;
    std::optional<std::uint64_t> stopped_at;  // as HistoryPart's
  };
  // How many are looked at with a busy lock held: some 50 us.
  static constexpr std::size_t kLook = 8'192;
  // Those that match: about `query.limit`, more if several share the last one's revision. Looks at about
  // `most`, or as many as are wanted, whether they match or not.
  Slice ReadSlice(const HistoryQuery& query, std::size_t most = kLook) const;
  // The same, looking at all.
  std::vector<core::TransitionPtr> Read(const HistoryQuery& query) const;

 private:
  struct Entry {
    core::TransitionPtr transition;
    core::WallTime time;
    std::uint32_t client = 0;  // hash of the client's id
    std::uint32_t voice = 0;   // hash of the voice
    std::uint64_t next = 0;    // the revision of that client's next; 0: there is none
  };
  using Entries = absl::btree_multimap<std::uint64_t, Entry>;  // by revision
  // What one client has.
  struct Held {
    std::size_t count = 0;
    std::uint64_t first = 0, last = 0;  // revisions
  };
  template <typename Iterator>
  static Slice Collect(Iterator first, Iterator last, const HistoryQuery& query, std::size_t most);
  // The client's oldest of that revision. REQUIRES: there is one.
  Entries::iterator Find(std::uint64_t revision, std::uint32_t client);
  void Trim();
  // REQUIRES: it is its client's oldest.
  void Drop(Entries::iterator at);
  // Drops the oldest of a client that has more than its share. False if there is none.
  bool DropOfLoudest();
  enum class Swept : std::uint8_t { kDropped, kNothing, kLater };
  // Drops the oldest of the voice that has more than half, if there is one and it is not the oldest of all.
  // kLater: it has not been found yet.
  Swept DropOfMajority();

  const Bounds bounds_;
  Entries entries_;
  std::uint64_t compacted_;
  std::uint64_t thinned_;                          // up to here some were dropped from the middle
  absl::flat_hash_map<std::uint32_t, Held> held_;  // by the client's hash
  std::vector<std::uint32_t> loud_;                // had more than their share; the last is looked at
  absl::flat_hash_map<std::uint32_t, std::size_t> voices_;  // how many each has
  std::uint32_t majority_ = 0;                              // the last voice that had more than half
  std::uint64_t swept_ = 0;                                 // below this revision it has none to drop
  RevisionGaps gaps_;
};

}  // namespace liveness::storage
