#include "server/core/time/deadline_wheel.h"

#include <algorithm>
#include <bit>

namespace liveness::core {
namespace {

using common::MonoTime;

constexpr std::int64_t kTickNanos = 1'000'000;

// The last tick that `now` has reached.
std::uint64_t TickReached(MonoTime now) {
  const std::int64_t nanos = now.time_since_epoch().count();
  return nanos <= 0 ? 0 : static_cast<std::uint64_t>(nanos / kTickNanos);
}

// The first tick that is not before `when`.
std::uint64_t TickFor(MonoTime when) {
  const std::int64_t nanos = when.time_since_epoch().count();
  return nanos <= 0 ? 0 : static_cast<std::uint64_t>(nanos / kTickNanos + (nanos % kTickNanos != 0));
}

MonoTime TimeOf(std::uint64_t tick) {
  constexpr std::uint64_t kLastTick = std::int64_t{MonoTime::duration::max().count()} / kTickNanos;
  if (tick > kLastTick) return MonoTime::max();
  return MonoTime(common::Duration(static_cast<std::int64_t>(tick) * kTickNanos));
}

}  // namespace

DeadlineWheel::DeadlineWheel(MonoTime start) : current_(TickReached(start)) {
  for (WheelNode& head : lists_) head.prev_ = head.next_ = &head;
}

void DeadlineWheel::Schedule(WheelNode& node, MonoTime when) {
  if (node.scheduled()) Unlink(node);
  node.tick_ = std::max(TickFor(when), current_);
  Insert(node);
}

void DeadlineWheel::Cancel(WheelNode& node) {
  if (node.scheduled()) Unlink(node);
}

MonoTime DeadlineWheel::NextDeadline() const {
  if (lists_[kDueList].next_ != &lists_[kDueList]) return TimeOf(current_);
  if (unfinished_.level >= 0) {
    const WheelNode& rest = lists_[unfinished_.level * kSlots + unfinished_.index];
    if (rest.next_ != &rest) return TimeOf(current_);
  }
  const Slot slot = FirstOccupied();
  return slot.level < 0 ? MonoTime::max() : TimeOf(slot.tick);
}

void DeadlineWheel::AdvancePart(MonoTime now, std::size_t most) {
  const std::uint64_t target = std::max(TickReached(now), current_);
  if (unfinished_.level >= 0 && !Empty(unfinished_, most)) return;
  unfinished_ = {};
  for (Slot slot = FirstOccupied(); slot.level >= 0 && slot.tick <= target; slot = FirstOccupied()) {
    current_ = slot.tick;
    if (!Empty(slot, most)) {
      unfinished_ = slot;
      return;
    }
  }
  // No occupied slot starts before `target`, so every node keeps its place.
  current_ = target;
}

bool DeadlineWheel::Empty(Slot slot, std::size_t& most) {
  WheelNode& head = lists_[slot.level * kSlots + slot.index];
  for (; head.next_ != &head; --most) {
    if (most == 0) return false;
    WheelNode& node = *head.next_;
    Unlink(node);
    if (slot.level == 0) {
      Append(node, kDueList);
    } else {
      Insert(node);
    }
  }
  return true;
}

WheelNode* DeadlineWheel::PopDue() {
  WheelNode& head = lists_[kDueList];
  if (head.next_ == &head) return nullptr;
  WheelNode* node = head.next_;
  Unlink(*node);
  return node;
}

bool DeadlineWheel::empty() const {
  return FirstOccupied().level < 0 && lists_[kDueList].next_ == &lists_[kDueList];
}

DeadlineWheel::Slot DeadlineWheel::FirstOccupied() const {
  for (int level = 0; level < kLevels; ++level) {
    if (occupied_[level] == 0) continue;
    const int index = std::countr_zero(occupied_[level]);
    const int shift = level * kLevelBits;
    const std::uint64_t above = current_ >> (shift + kLevelBits) << (shift + kLevelBits);
    return {level, index, above | (static_cast<std::uint64_t>(index) << shift)};
  }
  return {};
}

void DeadlineWheel::Insert(WheelNode& node) {
  const std::uint64_t tick = node.tick_;
  const std::uint64_t differing = tick ^ current_;
  const int level = differing == 0 ? 0 : (std::bit_width(differing) - 1) / kLevelBits;
  const int index = static_cast<int>(tick >> (level * kLevelBits)) & (kSlots - 1);
  occupied_[level] |= std::uint64_t{1} << index;
  Append(node, level * kSlots + index);
}

void DeadlineWheel::Append(WheelNode& node, int list) {
  WheelNode& head = lists_[list];
  node.list_ = static_cast<std::uint64_t>(list);
  node.prev_ = head.prev_;
  node.next_ = &head;
  head.prev_->next_ = &node;
  head.prev_ = &node;
}

void DeadlineWheel::Unlink(WheelNode& node) {
  const int list = static_cast<int>(node.list_);
  node.prev_->next_ = node.next_;
  node.next_->prev_ = node.prev_;
  node.prev_ = node.next_ = nullptr;
  if (list == kDueList) return;
  const WheelNode& head = lists_[list];
  if (head.next_ == &head) occupied_[list / kSlots] &= ~(std::uint64_t{1} << (list % kSlots));
}

}  // namespace liveness::core
