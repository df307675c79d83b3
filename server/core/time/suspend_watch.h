// Finds out that the whole machine slept: suspended, or its virtual machine
// saved and restored.
//
// How it knows. CLOCK_MONOTONIC stands while the machine sleeps, CLOCK_BOOTTIME
// runs on. The detector reads both each time it wakes; what the second gained on
// the first was slept through. (A virtual machine that its host merely pauses
// shows neither: its clocks stand both, or both jump. In the second case the
// detector is late, which witness_clock.h credits.)
//
// Deadlines run on the monotonic clock, so nobody is overdue for our sleep as
// such. But unlike a stopped process, whose kernel goes on receiving, a sleeping
// machine received nothing. What clients sent meanwhile is lost and sent again,
// by kernels that double the pause between two tries: after a sleep of 8 s the
// next try may be 8 s away. Hence the first moments after a sleep, as many as we
// slept, do not count either. An example: timeout 6 s, last ping at 100, the
// machine sleeps at 104 for 8 s:
//
//   boot time       100   104                  112                  120   122
//   monotonic time  100   104                  104                  112   114
//                    |-----|.....we slept.......|....we settle.......|-----|
//   witness time     0     4                    4                    4     6
//
// A ping that was lost at 106 is sent again by 120 at the latest and is heard. A
// client that died meanwhile is suspected at 122.
//
// Bounded: what the client's kernel does is no proof, so settling lasts no longer
// than `longest_settling`, however long the sleep was.
//
// Pure; not thread-safe.
#pragma once

#include <cstdint>
#include <optional>

#include "common/clock.h"

namespace liveness::core {

class SuspendWatch {
 public:
  // Two clocks are not read at once: less than this is no sleep.
  static constexpr common::Duration kTolerance = std::chrono::milliseconds(20);

  explicit SuspendWatch(common::Duration longest_settling) : longest_settling_(longest_settling) {}

  // Both clocks now. Returns how long the machine slept since the last call; zero
  // if it did not, and at the first.
  // REQUIRES: `boot` was read before `mono`. A thread that is put off between the two then sees too little,
  // never a sleep that was none, and the next call makes up for it.
  common::Duration Observe(common::BootTime boot, common::MonoTime mono);

  // What Observe() would return now; takes no note of it.
  common::Duration SleptUnseen(common::BootTime boot, common::MonoTime mono) const;

  // True in the moments after a sleep that do not count.
  bool IsSettling(common::MonoTime now) const { return now < settled_at_; }

  // How long the last sleep was, if it ended after `since`; else zero.
  common::Duration SleptSince(common::MonoTime since) const {
    return resumed_at_ > since ? last_sleep_ : common::Duration::zero();
  }

  std::int64_t count() const { return count_; }      // of sleeps so far
  common::Duration total() const { return total_; }  // of all of them

 private:
  const common::Duration longest_settling_;
  // How far the boot clock is ahead, as far as was seen: never too much. Empty until the first look.
  std::optional<common::Duration> ahead_;
  common::MonoTime resumed_at_ = common::MonoTime::min();
  common::MonoTime settled_at_ = common::MonoTime::min();
  common::Duration last_sleep_{};
  common::Duration total_{};
  std::int64_t count_ = 0;
};

}  // namespace liveness::core
