// When an event is sent again: exponentially later, with jitter, until it is given up. Pure; it neither reads
// a clock nor sleeps.
//
//   failure n    min(5 min, 1 s * 2^(n-1)), of which a random half is taken off, so that many hooks do not
//   come
//                back in step after one receiver's outage
//   slowly       5 min at once, for what no second try is likely to mend
//   Retry-After  at least that, at most an hour
//
// Not thread-safe; each hook has its own, for the event that it is at.
#pragma once

#include <functional>
#include <optional>

#include "common/clock.h"
#include "server/hooks/delivery.h"

namespace liveness::hooks {

class Retry {
 public:
  static constexpr common::Duration kFirst = std::chrono::seconds(1);
  static constexpr common::Duration kLongest = std::chrono::minutes(5);
  static constexpr common::Duration kMostAsked = std::chrono::hours(1);

  // `random` returns a uniform number in [0, 1) (common::RandomUniform, or a test's own).
  explicit Retry(std::function<double()> random) : random_(std::move(random)) {}

  // An attempt failed. When to try again; nothing: `retry_for` has passed since the first attempt that
  // failed, the event is given up. The last try is at the end of `retry_for`, not before it.
  std::optional<common::MonoTime> Failed(const Outcome& outcome, common::Duration retry_for,
                                         common::MonoTime now);
  // The event was taken or given up: the next one begins anew.
  void Reset() { failures_ = 0; }

  int failures() const { return failures_; }  // of this event

 private:
  std::function<double()> random_;
  int failures_ = 0;
  common::MonoTime first_failure_{};
};

}  // namespace liveness::hooks
