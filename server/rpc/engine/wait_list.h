// Calls that wait for their peers, the longest waiting first.
//
// All that wait for the same thing have the same patience, so the order in which they
// come is that in which they are due: to add one, to remove one and to find the one that is
// due each take a few instructions and no memory, however many wait. Pure; not thread-safe.
//
// Example: patience 5 s, a comes at 0 s, b at 1 s, and a goes at 2 s. NextDue() is 6 s,
// and PopDue(6 s) gives b.
#pragma once

#include <optional>

#include "common/clock.h"

namespace liveness::rpc {

class WaitList {
 public:
  // In the object that waits; in one list at most.
  class Entry {
   public:
    Entry() = default;
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;
    bool waits() const { return next_ != nullptr; }

   private:
    friend class WaitList;
    Entry* next_ = nullptr;
    Entry* previous_ = nullptr;
    common::MonoTime due_{};
  };

  explicit WaitList(common::Duration patience) : patience_(patience) {
    ends_.next_ = ends_.previous_ = &ends_;
  }
  WaitList(const WaitList&) = delete;
  WaitList& operator=(const WaitList&) = delete;

  // REQUIRES: `entry` is in no list; `now` never goes back.
  common::MonoTime Add(Entry& entry, common::MonoTime now) {
    entry.due_ = now + patience_;
    entry.next_ = &ends_;
    entry.previous_ = ends_.previous_;
    entry.previous_->next_ = &entry;
    ends_.previous_ = &entry;
    return entry.due_;
  }
  // Takes `entry` out of the list that it is in, if any.
  static void Remove(Entry& entry) {
    if (!entry.waits()) return;
    entry.previous_->next_ = entry.next_;
    entry.next_->previous_ = entry.previous_;
    entry.next_ = entry.previous_ = nullptr;
  }
  // The first that is due, removed; null if none is.
  Entry* PopDue(common::MonoTime now) {
    Entry* const first = ends_.next_;
    if (first == &ends_ || first->due_ > now) return nullptr;
    Remove(*first);
    return first;
  }
  std::optional<common::MonoTime> NextDue() const {
    if (ends_.next_ == &ends_) return std::nullopt;
    return ends_.next_->due_;
  }

 private:
  const common::Duration patience_;
  Entry ends_;
};

}  // namespace liveness::rpc
