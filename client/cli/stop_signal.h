// Signals as something to wait for instead of something that happens.
//
// Blocked in every thread (block first, then make threads), they are taken by
// one call here. A command started by `beat` gets a clean mask back (child.h).
#pragma once

#include <functional>
#include <optional>
#include <thread>
#include <vector>

#include "common/clock.h"

namespace liveness::cli {

// Those that ask a process to end: SIGINT, SIGTERM, SIGHUP.
const std::vector<int>& StopSignals();

// Those that are passed on to a command, the above among them.
const std::vector<int>& ForwardedSignals();

// One that nobody else sends: wakes a thread of ours from AwaitSignal().
int WakeSignal();

// Blocks `signals` in this thread and those that it makes.
void BlockSignals(const std::vector<int>& signals);

struct Signal {
  int number = 0;
  // Sent by a process to us alone; false if a terminal sent it to the whole
  // foreground group, a command of ours included.
  bool to_us_alone = false;
};

// The next of `signals`; none if `limit` passes first. REQUIRES: they are blocked.
std::optional<Signal> AwaitSignal(const std::vector<int>& signals,
                                  std::optional<common::Duration> limit = {});

// Calls `on_stop` once, on a thread of its own, when a stop signal comes.
// REQUIRES: StopSignals() are blocked.
class StopWatcher {
 public:
  explicit StopWatcher(std::function<void()> on_stop);
  ~StopWatcher();
  StopWatcher(const StopWatcher&) = delete;
  StopWatcher& operator=(const StopWatcher&) = delete;

 private:
  std::thread thread_;
};

}  // namespace liveness::cli
