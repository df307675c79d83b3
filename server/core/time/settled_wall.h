// A wall clock that can be believed, for the few rules that must go by dates, e.g. "older than a week": it
// has run evenly with the monotonic clock for an hour. After a step (somebody set it, NTP found out, the
// machine slept) it has to do so again, so that a clock that goes a week ahead and comes back decides
// nothing.
//
//   SettledWall wall;
//   wall.At(clock.Wall(), clock.Mono());   // nothing
//   ...                                    // asked now and then, for an hour
//   wall.At(clock.Wall(), clock.Mono());   // the wall clock
//
// Pure; not thread-safe.
#pragma once

#include <chrono>
#include <optional>

#include "common/clock.h"

namespace liveness::core {

class SettledWall {
 public:
  static constexpr common::Duration kPatience = std::chrono::hours(1);
  // Between two looks; what a clock that is kept by NTP does not exceed.
  static constexpr common::Duration kStep = std::chrono::minutes(1);

  // `wall`, or nothing while it is not to be believed.
  std::optional<common::WallTime> At(common::WallTime wall, common::MonoTime now) {
    const common::Duration offset = wall.time_since_epoch() - now.time_since_epoch();
    const bool stepped = !since_ || offset - offset_ > kStep || offset_ - offset > kStep;
    if (stepped) since_ = now;
    offset_ = offset;
    return now - *since_ >= kPatience ? std::optional(wall) : std::nullopt;
  }

 private:
  std::optional<common::MonoTime> since_;  // the wall clock runs evenly since then
  common::Duration offset_{};
};

}  // namespace liveness::core
