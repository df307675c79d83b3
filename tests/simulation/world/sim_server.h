// The server in virtual time: the real registry, the clock that it reads, the
// loop of DetectorThread without its thread, and a store.
//
// The detector wakes when something is due, now and then up to 20 ms late as
// threads are, and each 10 ms otherwise (told only where it can matter). In a
// stall nothing runs; the first wake after it tells the registry by how much it
// was late, as the thread would. While it is frozen the detector runs and nothing
// is read; its canary (one queue) is not heard.
//
// A durable store commits what is proposed after a while, in any order, and
// tells a while after that. The server may be killed at any moment in between:
// what is committed stays, told or not; what is not is gone. Its next life has
// another registry over the same disk. Not thread-safe.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "server/registry/registry.h"
#include "server/storage/memory_store.h"
#include "tests/simulation/random.h"
#include "tests/simulation/rules/truth.h"
#include "tests/simulation/world/saboteur.h"
#include "tests/simulation/world/script.h"
#include "tests/support/stores/manual_store.h"

namespace liveness::simulation {

class SimServer {
 public:
  struct Options {
    registry::RegistryOptions registry;
    bool durable = false;   // else it commits at once, and can not be killed
    Duration commits_in{};  // at most, from the proposal until it is told
    std::size_t kept = 0;   // transitions that the disk's history goes back
  };
  // Each wake of the detector or the store that has something to do is a step of `script`. All outlive it.
  SimServer(Options options, Script& script, Truth& truth, Saboteur& saboteur);

  // Time passes until `when`; no-op if that has passed. While it stands or is down, nothing is done.
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
  void Heard() { registry_->pulses().at(0).HeardSomebody(script_.now()); }

  const Options& options() const { return options_; }
  bool up() const { return registry_ != nullptr; }
  void Kill();
  // Its next life; it can be reached from Serve() on.
  void Start();
  void Serve();

  void StepWall(Duration step);
  // REQUIRES: up().
  registry::Registry& registry() { return *registry_; }
  const testing::Ledger* disk() const { return options_.durable ? &disk_ : nullptr; }
  // Changes that were proposed so far, as far as the store has seen them.
  std::uint64_t proposals() const;
  // Breaches of the store's contract by the registry.
  const std::vector<std::string>& complaints() const { return complaints_; }

 private:
  MonoTime now() const { return script_.now(); }
  void Tick(MonoTime expected);
  // The canary's pings until now.
  void Beat();
  MonoTime Wake() const { return std::max(due_, last_tick_); }
  MonoTime StoreWakes() const { return std::min(apply_at_, tell_at_); }
  // What was proposed since the last look will be committed.
  void PlanCommit();
  void RunStore();
  void TakeComplaints();

  const Options options_;
  Script& script_;
  Truth& truth_;
  Saboteur& saboteur_;
  testing::Ledger disk_;
  storage::MemoryStore memory_;
  std::unique_ptr<testing::ManualStore> store_;  // null if not durable
  std::unique_ptr<registry::Registry> registry_;
  std::vector<std::string> complaints_;
  bool stopped_ = false;
  bool frozen_ = false;
  bool lies_ = false;
  MonoTime next_beat_;
  MonoTime expected_{};  // while stopped: when the detector meant to wake
  MonoTime due_ = MonoTime::max();
  MonoTime last_tick_;
  Duration late_{};  // by how much the next wake will be
  MonoTime apply_at_ = MonoTime::max();
  MonoTime tell_at_ = MonoTime::max();
};

}  // namespace liveness::simulation
