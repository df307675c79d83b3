// The only place where time comes from.
//
// Three clocks, three types, so that they cannot be mixed up:
//   MonoTime  CLOCK_MONOTONIC, for spans on a server. Stands still in suspend.
//   BootTime  CLOCK_BOOTTIME, for a client's certainty. Runs on in suspend.
//   WallTime  CLOCK_REALTIME, for people. May step; no rule uses it.
// All count nanoseconds. A `Clock` is handed to whoever needs the time; tests
// hand a ManualClock (tests/support/manual_clock.h) instead.
#pragma once

#include <chrono>
#include <cstdint>

namespace liveness::common {

using Duration = std::chrono::nanoseconds;

struct MonotonicTag {
  using rep = std::int64_t;
  using period = std::nano;
  using duration = Duration;
};
struct BootTag {
  using rep = std::int64_t;
  using period = std::nano;
  using duration = Duration;
};

using MonoTime = std::chrono::time_point<MonotonicTag, Duration>;
using BootTime = std::chrono::time_point<BootTag, Duration>;
using WallTime = std::chrono::time_point<std::chrono::system_clock, Duration>;

// Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual MonoTime Mono() const = 0;
  virtual BootTime Boot() const = 0;
  virtual WallTime Wall() const = 0;
};

// The kernel's clocks. Lives for ever.
const Clock& SystemClock();

}  // namespace liveness::common
