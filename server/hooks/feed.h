// What one hook is to send next: history from its position on, event by event.
//
//   position --> slices of history, some hundred transitions each --> what the hook wants --> Head(), Pop()
//
// Nothing is held but one slice. A hook whose receiver is away asks for nothing, and history waits.
//
// What is missing is told as a gap in its place, once, and what is known of the revisions within follows it.
// A position of another history is a gap as well: the feed goes on with what this history told since the
// server began. No snapshot follows a gap, because a snapshot is no event: the receiver may ask for the
// clients.
//
// Not sent: transitions after which the client is in MAINTENANCE, unless the hook wants them. The transition
// that ends a maintenance is sent, whatever became of the client meanwhile.
//
// Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "common/clock.h"
#include "server/core/filter/filter.h"
#include "server/core/fleet/group_event.h"
#include "server/core/record/record.h"
#include "server/hooks/event.h"
#include "server/hooks/hook_config.h"
#include "server/hooks/kept_groups.h"
#include "server/hooks/position.h"
#include "server/registry/watch/watch.h"
#include "server/registry/watch/watch_source.h"

namespace liveness::hooks {

class Feed {
 public:
  // Transitions that one look reads; fewer with a dear filter.
  static constexpr std::size_t kSlice = 256;

  // Of all hooks. All of it outlives the feeds.
  struct Source {
    const registry::WatchSource& history;
    const KeptGroups& groups;
    const std::string& history_id;
    std::uint64_t begin;  // this server's first revision is above
  };
  Feed(const Source& source, const HookConfig& hook, Position position);

  // The next event; null if there is none, or none in the slice that was looked at. Takes some milliseconds
  // at most, may read a disk.
  EventPtr Head();
  // Head() gave nothing, and there is more to look at.
  bool has_more() const { return more_; }
  // When the head happened; nothing: there is none, or it is a gap.
  std::optional<common::WallTime> head_time() const;
  // The head was taken, or given up. REQUIRES: there is one.
  void Pop();

  // All up to it was popped, or is not wanted.
  const Position& position() const { return position_; }
  // Transitions since this server began that were looked at; events that wait here; transitions that were not
  // sent because of a maintenance.
  std::uint64_t looked_at() const { return looked_at_; }
  std::size_t waiting() const { return items_.size(); }
  std::uint64_t silenced() const { return silenced_; }

 private:
  // An event that is not made yet: one of the three.
  struct Item {
    std::uint64_t revision;  // that it belongs to; of a gap: the one before it
    std::uint64_t gap_told;  // once it is popped
    core::TransitionPtr transition;
    std::optional<core::GroupEvent> group;
    std::optional<registry::WatchGap> gap;
  };

  Feed(const Source& source, const HookConfig& hook, core::Filter filter, Position position);
  void Look();
  // The position, over what is not wanted before the first item.
  void MoveUp();
  void TellGap(std::uint64_t after, std::uint64_t until);
  void Take(const core::TransitionPtr& transition);
  EventPtr Make(const Item& item) const;

  const Source source_;
  const std::size_t slice_;
  const registry::RecordFilter filter_;
  const bool transitions_, groups_, include_maintenance_;

  Position position_;
  Position looked_;  // what position_ is once all items are popped
  std::deque<Item> items_;
  EventPtr head_;  // made of the first item
  bool more_ = false;
  std::uint64_t looked_at_ = 0, silenced_ = 0;
};

}  // namespace liveness::hooks
