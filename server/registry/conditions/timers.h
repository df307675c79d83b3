// When each session wants its next look, and when the detector must run for that.
//
// Not thread-safe: guarded by the registry's lock.
#pragma once

#include <algorithm>
#include <cstddef>

#include "server/core/time/deadline_wheel.h"
#include "server/registry/records/effects.h"
#include "server/registry/records/session.h"

namespace liveness::registry {

class Timers {
 public:
  explicit Timers(core::MonoTime now) : wheel_(now) {}

  // The session is due at `when`, whatever was set before.
  void Arm(Session& session, core::MonoTime when, Effects& effects) {
    wheel_.Schedule(session, when);
    if (when < next_tick_) {
      next_tick_ = when;
      effects.earlier_tick = std::min(effects.earlier_tick, when);
    }
  }
  void Cancel(Session& session) { wheel_.Cancel(session); }

  // Finds the sessions that are due by `now`, or a part of them if a whole fleet is.
  void AdvanceTo(core::MonoTime now) { wheel_.AdvancePart(now, kMovedPerTick); }
  // The next session that is due; null if AdvanceTo found no more.
  Session* PopDue() { return static_cast<Session*>(wheel_.PopDue()); }
  core::MonoTime NextDeadline() const { return wheel_.NextDeadline(); }

  // When the detector runs next; max(): not before something changes.
  core::MonoTime next_tick() const { return next_tick_; }
  void SetNextTick(core::MonoTime when) { next_tick_ = when; }
  void TickBy(core::MonoTime when) { next_tick_ = std::min(next_tick_, when); }
  // The detector runs at once, and is woken for it.
  void TickNow(core::MonoTime now, Effects& effects) { next_tick_ = effects.earlier_tick = now; }

 private:
  // Bounds what the wheel moves in one tick: after a restart all may lie in one slot.
  static constexpr std::size_t kMovedPerTick = 4'000;

  core::DeadlineWheel wheel_;
  core::MonoTime next_tick_ = core::MonoTime::max();
};

}  // namespace liveness::registry
