// One watcher's way: a gap, a snapshot, the past and the present, each only where it is
// needed.
//
//   start at 0                 snapshot ------> present
//   start at N                 past ----------> present     nothing was missed: present at once
//   N is of another history,
//   or no longer kept,
//   or the mailbox ran over    gap -> snapshot -> present
//
// Every call does a bounded slice: so many records or transitions looked at, whether they
// match or not. What it found, or that there was nothing in this slice and more waits, is
// in the item. Snapshot and past are heavy: they look at much, and the past may lie on a
// disk. In the present only the mailbox is emptied.
//
// While the past is read the mailbox fills. If it runs over meanwhile, nothing is lost:
// history holds what was dropped, and the past goes on up to there.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "server/registry/watch/watch.h"
#include "server/registry/watch/watch_hub.h"
#include "server/registry/watch/watch_source.h"

namespace liveness::registry {

// As Watch says.
class WatchCursor final : public Watch {
 public:
  // Transitions of the past that one call reads at most, fewer with a dear filter; and that one call takes
  // out of the mailbox at most to find them all known.
  static constexpr std::size_t kSlice = 1'024;
  // Clients that one part of a snapshot holds at most.
  static constexpr std::size_t kSnapshotPart = 256;

  // `source` outlives it. `other_history`: `request.start_revision` is not one of ours.
  WatchCursor(const WatchSource& source, WatchRequest request, std::shared_ptr<Mailbox> mailbox,
              bool other_history);

  WatchItem Next() override;
  bool heavy() const override;
  std::optional<std::uint64_t> Caught() const override;
  absl::Status Reached() const override;

 private:
  enum class Phase : std::uint8_t { kGap, kSnapshot, kPast, kPresent };

  void BeginGap();
  void TakeGap(WatchItem& item);
  void TakeSnapshotPart(WatchItem& item);
  void TakePast(WatchItem& item);
  void TakePresent(WatchItem& item);
  // A watcher may start at a revision that it read before that revision was published, and a part of the
  // snapshot may have been read after what waited in the mailbox.
  void DropKnown(std::vector<std::shared_ptr<const Batch>>& batches) const;
  // True if the part that the client belongs to was read after the transition.
  bool InSnapshot(const core::Transition& transition) const;

  const WatchSource& source_;
  const WatchRequest request_;
  const std::shared_ptr<Mailbox> mailbox_;
  Phase phase_ = Phase::kPast;
  struct SnapshotPart {
    std::string last_id;
    std::uint64_t revision;  // when it was read
  };
  std::vector<SnapshotPart> parts_;  // of a snapshot that is not done
  std::string cursor_;
  std::uint64_t snapshot_end_ = 0;  // not 0: the snapshot is read but not yet done
  std::uint64_t past_end_;          // what is above it is in the mailbox
  std::uint64_t known_;             // what the watcher had when it came; 0 once a gap was told
  std::uint64_t pulled_;
};

}  // namespace liveness::registry
