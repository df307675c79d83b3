// The server in virtual time: the real registry, the clock that it reads, and
// the loop of DetectorThread without its thread.
//
// The detector wakes when something is due, now and then up to 20 ms late as
// threads are, and each 10 ms otherwise (told only where it can matter). In a
// stall nothing runs; the first wake after it tells the registry by how much it
// was late, as the thread would. While it is frozen the detector runs and nothing
// is read; its canary (one queue) is not heard. Not thread-safe.
#pragma once

#include <functional>

#include "server/registry/registry.h"
#include "server/storage/memory_store.h"
#include "tests/simulation/random.h"
#include "tests/simulation/truth.h"
#include "tests/support/manual_clock.h"

namespace liveness::simulation {

class SimServer {
 public:
  // `after_tick` is called after each wake that had something to do.
  SimServer(registry::RegistryOptions options, Random& random, Truth& truth,
            std::function<void()> after_tick);

  MonoTime now() const { return clock_.Mono(); }
  // Time passes until `when`; no-op if that has passed. While it stands, nothing is done.
  void AdvanceTo(MonoTime when);

  // Stands from now on, until CatchUp().
  void Stop();
  bool stopped() const { return stopped_; }
  // The first wake of the detector after a stop.
  void CatchUp();

  // Its I/O threads stand from now on, and the detector runs, until Thaw(). The
  // canary pings on and is not heard, unless it `lies`.
  void Freeze(bool lies);
  void Thaw();
  bool frozen() const { return frozen_; }
  // Nothing is read.
  bool deaf() const { return stopped_ || frozen_; }
  // A message was read.
  void Heard() { registry_.pulses().at(0).Heard(now()); }

  void StepWall(Duration step) { clock_.StepWall(step); }
  registry::Registry& registry() { return registry_; }

 private:
  void Tick(MonoTime expected);
  // The canary's pings until now.
  void Beat();
  MonoTime Wake() const { return std::max(due_, last_tick_); }

  Random& random_;
  Truth& truth_;
  const std::function<void()> after_tick_;
  testing::ManualClock clock_;
  storage::MemoryStore store_;
  registry::Registry registry_;
  bool stopped_ = false;
  bool frozen_ = false;
  bool lies_ = false;
  MonoTime next_beat_;
  MonoTime expected_{};  // while stopped: when the detector meant to wake
  MonoTime due_ = MonoTime::max();
  MonoTime last_tick_;
  Duration late_{};  // by how much the next wake will be
};

}  // namespace liveness::simulation
