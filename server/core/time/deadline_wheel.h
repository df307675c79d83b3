// A hierarchical timing wheel: many deadlines, most of which move or go away
// before they are reached.
//
// Passive: it has no thread and reads no clock. Its owner sleeps until
// NextDeadline() and calls AdvanceTo(now).
//
// How it works. Time is cut into ticks of 1 ms. A tick is read as digits of 6
// bits, and a node lies at the level of the highest digit in which its tick
// differs from the wheel's current one, in the slot that this digit names.
// So all that lies at one level comes before all that lies at the next, and in
// a level the slots are in order: the next occupied slot is one bit scan per
// level away, however far ahead it is. When the wheel reaches a slot above
// level 0, its nodes spread over the levels below (a node moves at most 7
// times, 3 for a deadline within the hour). Example: the wheel stands at tick 130 = (2, 2). A node
// for tick 133 = (2, 5) lies at level 0, slot 5; one for tick 200 = (3, 8) at
// level 1, slot 3, until the wheel reaches tick 192 = (3, 0).
//
// Schedule, Cancel and NextDeadline are O(1), allocate nothing and touch no
// node but the given one and its neighbours. AdvanceTo is O(nodes moved),
// whatever the span: 30 s or a week of empty slots cost the same. A whole fleet may lie
// in one slot: an owner who cannot wait for all of it bounds the nodes moved in one call.
//
// Not thread-safe.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "common/clock.h"

namespace liveness::core {

// Embed it (as a base or a member) in what has the deadline; 24 bytes. It must
// stay where it is while it is scheduled, and must be cancelled before it dies.
class WheelNode {
 public:
  WheelNode() = default;
  WheelNode(const WheelNode&) = delete;
  WheelNode& operator=(const WheelNode&) = delete;

  // True from Schedule() until it is handed out as due or cancelled.
  bool scheduled() const { return next_ != nullptr; }

 private:
  friend class DeadlineWheel;

  WheelNode* prev_ = nullptr;
  WheelNode* next_ = nullptr;
  std::uint64_t tick_ : 48 = 0;
  std::uint64_t list_ : 16 = 0;
};

class DeadlineWheel {
 public:
  // `start` should be about now: what lies before it is due at once.
  explicit DeadlineWheel(common::MonoTime start = common::MonoTime());
  DeadlineWheel(const DeadlineWheel&) = delete;
  DeadlineWheel& operator=(const DeadlineWheel&) = delete;

  // Arms `node` for `when`, wherever it was armed before. It is due at the
  // first AdvanceTo(now) with `now` >= `when` rounded up to the millisecond;
  // a moment that has passed is due at the next call.
  void Schedule(WheelNode& node, common::MonoTime when);

  // No-op if `node` is not scheduled.
  void Cancel(WheelNode& node);

  // When AdvanceTo is worth calling: never after the first node is due, maybe
  // before. MonoTime::max() if nothing is scheduled.
  common::MonoTime NextDeadline() const;

  // Sets aside every node that is due at `now`, in the order of their ticks,
  // for PopDue(). A `now` in the past is taken as the last one.
  void AdvanceTo(common::MonoTime now) { AdvancePart(now, std::numeric_limits<std::size_t>::max()); }
  // The same, but moves at most `most` nodes: where that is too few the rest waits for
  // the next call of either, and NextDeadline() says that it is due.
  void AdvancePart(common::MonoTime now, std::size_t most);

  // Takes one node that AdvanceTo set aside; nullptr if there are no more.
  // Between two calls any node may be scheduled, cancelled (also one that is
  // still set aside) or, if not scheduled, destroyed.
  WheelNode* PopDue();

  // Both in one: fire(WheelNode&) is called once for each node that is due. It
  // may do what PopDue allows. A node that it schedules waits for the next
  // AdvanceTo, even for a moment that has passed.
  template <typename Fire>
  void AdvanceTo(common::MonoTime now, Fire&& fire) {
    AdvanceTo(now);
    while (WheelNode* node = PopDue()) fire(*node);
  }

  // Nothing is scheduled, nor set aside.
  bool empty() const;

 private:
  static constexpr int kLevelBits = 6;
  static constexpr int kSlots = 1 << kLevelBits;
  static constexpr int kLevels = 8;  // 48 bits of milliseconds: more than MonoTime can hold
  static constexpr int kDueList = kLevels * kSlots;

  struct Slot {
    int level = -1;
    int index = 0;
    std::uint64_t tick = 0;  // its first
  };
  Slot FirstOccupied() const;
  // False if it stopped because nothing may be moved any more.
  bool Empty(Slot slot, std::size_t& most);
  void Insert(WheelNode& node);
  void Append(WheelNode& node, int list);
  void Unlink(WheelNode& node);

  std::uint64_t current_;  // all ticks before it have been handed out
  // The slot that begins at current_ and was not emptied: before all others. Nothing is added to one above
  // level 0 meanwhile, for it holds what differs from current_ further up.
  Slot unfinished_;
  std::array<std::uint64_t, kLevels> occupied_{};
  std::array<WheelNode, kDueList + 1> lists_;  // heads of circular lists
};

}  // namespace liveness::core
