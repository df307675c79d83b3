// Signals as something to wait for instead of something that happens.
//
// Blocked in every thread (block first, then make threads), they are taken by
// one call here. A command started by `beat` gets a clean mask back (child.h).
#pragma once

#include <signal.h>
#include <sys/types.h>

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

// Those of `signals` that our parent has not had us ignore: `nohup` and the background of a script are to
// stay what they are. The others must not be blocked, for blocked they would come in spite of it.
std::vector<int> NotIgnored(const std::vector<int>& signals);

// Blocks `signals` in this thread and those that it makes. What was blocked before.
sigset_t BlockSignals(const std::vector<int>& signals);

struct Signal {
  int number = 0;
  // Sent by a terminal to its whole foreground group; false if by a process, to us or to our group.
  bool from_kernel = false;
  pid_t sender = 0;  // unless from_kernel
};

// The next of `signals`; none if `limit` passes first. REQUIRES: they are blocked.
std::optional<Signal> AwaitSignal(const std::vector<int>& signals,
                                  std::optional<common::Duration> limit = {});

// Calls `on_stop` once, on a thread of its own, when a stop signal comes.
// REQUIRES: NotIgnored(StopSignals()) are blocked.
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
