// Signals as something to wait for instead of something that happens.
//
// They are blocked in every thread (block first, then make threads), and AwaitSignal()
// takes them. A command started by `beat` gets a clean mask back (child.h).
#pragma once

#include <signal.h>
#include <sys/types.h>

#include <functional>
#include <optional>
#include <thread>
#include <vector>

#include "common/clock.h"

namespace liveness::cli {

// The signals that ask a process to end: SIGINT, SIGTERM, SIGHUP.
const std::vector<int>& StopSignals();

// The signals that are passed on to a command. StopSignals() are among them.
const std::vector<int>& ForwardedSignals();

// The signal by which this process wakes one of its threads from AwaitSignal(). Nobody else sends it.
int WakeSignal();

// Those of `signals` that our parent does not have us ignore. The ignored ones (by `nohup`, or in the
// background of a script) must not be blocked, because AwaitSignal() would take them in spite of being
// ignored.
std::vector<int> NotIgnored(const std::vector<int>& signals);

// Blocks `signals` in this thread and those that it makes. Returns the mask from before.
sigset_t BlockSignals(const std::vector<int>& signals);

struct Signal {
  int number = 0;
  // True if a terminal sent it, to its whole foreground group; false if a process did, to us or to our group.
  bool from_kernel = false;
  pid_t sender = 0;  // the process, unless from_kernel
};

// Waits for the next of `signals`; none if `limit` passes first. REQUIRES: `signals` are blocked.
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
