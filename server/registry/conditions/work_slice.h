// A bounded part of work that grows with the number of clients.
//
// A thread that holds the registry's lock keeps every hello, every closed stream and the detector waiting. So
// a loop over clients asks a slice before each of them, and goes on in another call, with the lock free in
// between, when the slice says no:
//
//   WorkSlice slice(clock_);
//   while (schedule_.HasDue(wall) && slice.Take()) End(schedule_.PopFirst());
//   if (schedule_.HasDue(wall)) next_tick_ = now + WorkSlice::kPause;
//
// A slice is bounded by a number, so that tests on a clock of their own see the bound, and by time, so that
// dear work is cut earlier. A few steps are always let through, so that the work comes to an end on a slow
// machine too.
//
// Not thread-safe.
#pragma once

#include <cstddef>

#include "common/clock.h"

namespace liveness::registry {

class WorkSlice {
 public:
  static constexpr std::size_t kMost = 256;
  static constexpr common::Duration kBudget = std::chrono::milliseconds(2);
  // The pause between two slices of one piece of work, for the threads that wait for the lock: a thread that
  // takes the lock again at once would keep them out.
  static constexpr common::Duration kPause = std::chrono::milliseconds(1);

  explicit WorkSlice(const common::Clock& clock, std::size_t most = kMost)
      : clock_(clock), most_(most), begun_(clock.Mono()) {}

  // True if one more may be done.
  bool Take() {
    if (taken_ >= most_) return false;
    if (taken_ % kAtOnce == 0 && taken_ != 0 && clock_.Mono() - begun_ >= kBudget) return false;
    ++taken_;
    return true;
  }

  // For a thread that goes on with its next slice itself: waits for a moment, so that other threads get the
  // registry's lock. REQUIRES: the caller does not hold that lock.
  static void LetOthersIn();

 private:
  static constexpr std::size_t kAtOnce = 16;  // between two looks at the clock

  const common::Clock& clock_;
  const std::size_t most_;
  const common::MonoTime begun_;
  std::size_t taken_ = 0;
};

}  // namespace liveness::registry
