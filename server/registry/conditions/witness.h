// What this server did not run, did not receive, or slept through, and what that is worth to its clients.
//
// Three signs, each with its rule in the core: the detector's own lateness (core/time/witness_clock.h), the
// machine's sleep (core/time/suspend_watch.h), and the canary, this server's own client, that a completion
// queue does not hear (core/time/canary_watch.h).
//
// Not thread-safe: guarded by the registry's lock, but for what says "Any thread".
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <optional>
#include <vector>

#include "common/clock.h"
#include "server/core/time/canary_watch.h"
#include "server/core/time/suspend_watch.h"
#include "server/core/time/witness_clock.h"
#include "server/registry/records/effects.h"
#include "server/registry/records/queue_pulses.h"
#include "server/registry/records/types.h"

namespace liveness::registry {

class Witness {
 public:
  // `clock` outlives it.
  explicit Witness(const common::Clock& clock, const RegistryOptions& options)
      : clock_(clock),
        pulses_(options.queues),
        suspends_(options.max_doubt),
        canary_(options.max_doubt),
        last_tick_(clock.Mono()) {}

  struct Observation {
    bool time_stands = false;  // time stands: nobody is due
    // Every completion queue has heard what its canary sent by then. Nothing if an earlier call said so
    // already.
    std::optional<core::MonoTime> caught_up;
  };
  // A tick that was meant to happen at `expected` happens at `now`. Credits what this server did not run.
  Observation Observe(core::MonoTime expected, core::MonoTime now, Effects& effects);

  const core::WitnessClock& witness_clock() const { return witness_clock_; }
  core::Duration Elapsed(core::MonoTime since, core::MonoTime until) const {
    return witness_clock_.Elapsed(since, until);
  }
  // For how long this server stood within the last `window` before `now`, and within the canary's lag before
  // that.
  core::Duration StoodWithin(core::Duration window, core::MonoTime now) const;
  WitnessTotals totals() const;

  // How often this server has stood so far. Any thread.
  std::int64_t stall_count() const { return stalls_.load(std::memory_order_relaxed); }
  // Any thread.
  QueuePulses& pulses() { return pulses_; }
  // As of the last tick. Any thread.
  core::CanaryDoubt doubt() const { return doubt_.load(std::memory_order_relaxed); }
  bool hears_nobody() const { return hears_nobody_.load(std::memory_order_relaxed); }

 private:
  bool HeedCanary(core::MonoTime now, Effects& effects);
  // How far every queue has caught up, if that is further than the last call found.
  std::optional<core::MonoTime> NewlyCaughtUp();
  void CountStall() { stalls_.fetch_add(1, std::memory_order_relaxed); }

  const common::Clock& clock_;
  std::atomic<std::int64_t> stalls_{0};
  std::atomic<core::CanaryDoubt> doubt_{core::CanaryDoubt::kNone};
  std::atomic<bool> hears_nobody_{false};
  QueuePulses pulses_;

  core::WitnessClock witness_clock_;
  core::SuspendWatch suspends_;
  core::CanaryWatch canary_;
  std::vector<core::Pulse> pulses_read_;
  core::MonoTime caught_up_ = core::Pulse::kNever;  // as far as all queues have
  core::Duration settling_{};
  bool told_doubt_ = false;  // kDoubtBegan was told of the open episode
  core::MonoTime last_tick_;
};

}  // namespace liveness::registry
