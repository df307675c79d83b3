// Tells systemd that the server works, as long as it does (WATCHDOG=1): a server that
// hangs is silent, and is started anew (WatchdogSec= of its unit).
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "common/clock.h"
#include "common/mutex.h"

namespace liveness::app {

// What $WATCHDOG_USEC and $WATCHDOG_PID ask for: within which time a word must come.
// Nothing if none is wanted of this process.
std::optional<common::Duration> WatchdogPeriod();

// One thing that must work.
struct HealthProbe {
  std::string name;  // for the log
  std::function<bool()>
      works;  // quick and without a lock that may be held for long; called on the watchdog's thread
};

// Start and stop from one thread.
class Watchdog {
 public:
  // Speaks four times within `period` while all probes say true. The first failure of
  // a row is logged. The probes and what they use outlive this.
  Watchdog(common::Duration period, std::vector<HealthProbe> probes);
  // Falls silent.
  ~Watchdog();

 private:
  void Run();

  const common::Duration period_;
  const std::vector<HealthProbe> probes_;
  common::Mutex mu_;
  common::CondVar changed_;
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  std::thread thread_;  // last: it uses all the others
};

}  // namespace liveness::app
