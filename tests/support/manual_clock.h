// A clock that stands still until a test moves it. Header only.
#pragma once

#include <atomic>

#include "common/clock.h"

namespace liveness::testing {

// Thread-safe. Starts at a plausible instant rather than at zero, so that
// "never" written as 0 is never confused with "now".
class ManualClock final : public common::Clock {
 public:
  common::MonoTime Mono() const override { return common::MonoTime(common::Duration(mono_.load())); }
  common::BootTime Boot() const override { return common::BootTime(common::Duration(boot_.load())); }
  common::WallTime Wall() const override { return common::WallTime(common::Duration(wall_.load())); }

  // Time passes: all three clocks move.
  void Advance(common::Duration span) {
    mono_ += span.count();
    boot_ += span.count();
    wall_ += span.count();
  }
  // The machine sleeps: the monotonic clock stands still.
  void Suspend(common::Duration span) {
    boot_ += span.count();
    wall_ += span.count();
  }
  // Somebody sets the wall clock; `step` may be negative. No time passes.
  void StepWall(common::Duration step) { wall_ += step.count(); }

 private:
  static constexpr common::Duration kUptime = std::chrono::hours(1);
  static constexpr common::Duration kSlept = std::chrono::minutes(5);
  static constexpr common::Duration kEpoch = std::chrono::seconds(1'700'000'000);

  std::atomic<common::Duration::rep> mono_{kUptime.count()};
  std::atomic<common::Duration::rep> boot_{(kUptime + kSlept).count()};
  std::atomic<common::Duration::rep> wall_{kEpoch.count()};
};

}  // namespace liveness::testing
