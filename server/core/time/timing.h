// Which heartbeat interval and timeout hold for a session. Pure functions.
#pragma once

#include <optional>
#include <vector>

#include "common/clock.h"
#include "common/status.h"

namespace liveness::core {

struct Timing {
  common::Duration interval{};  // between two pings
  common::Duration timeout{};   // of silence, then SUSPECT
  bool operator==(const Timing&) const = default;
};

// What a hello asks for; nullopt is unset. A value beyond what a Duration can
// hold is given as Duration::max().
struct TimingRequest {
  std::optional<common::Duration> interval;
  std::optional<common::Duration> timeout;
};

// REQUIRES: 0 < min_interval <= max_interval, 2 * min_interval <= max_timeout.
struct TimingBounds {
  common::Duration min_interval = std::chrono::milliseconds(100);
  common::Duration max_interval = std::chrono::hours(1);
  common::Duration max_timeout = std::chrono::hours(24);
};

// - Unset: the preset's value. Where only one of the two is given and the
//   preset's other one leaves no room for two pings in a timeout, the other is
//   derived: the timeout is raised to 2 x interval, the interval lowered to
//   timeout / 2.
// - Zero, negative, or a given timeout < the given interval: appended to
//   `violations` as "hello.interval" / "hello.timeout"; the result then means
//   nothing.
// - All else is clamped to `bounds`. Where the interval is raised the timeout
//   stays >= 2 x interval, where the timeout is lowered the interval stays
//   <= timeout / 2 (but not below its own minimum).
Timing NegotiateTiming(const TimingRequest& request, const Timing& preset, const TimingBounds& bounds,
                       std::vector<common::FieldViolation>& violations);

// When the server probes a client that was silent since `last_ping`: halfway
// between the ping that did not come and the deadline.
inline common::MonoTime ProbeMoment(common::MonoTime last_ping, const Timing& timing) {
  return last_ping + timing.interval + (timing.timeout - timing.interval) / 2;
}

}  // namespace liveness::core
