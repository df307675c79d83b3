// Set by the thread of a stop signal, or of a lost reader. Whoever works until then waits for it.
// Thread-safe.
#pragma once

#include "common/clock.h"
#include "common/mutex.h"
#include "common/saturating.h"

namespace liveness::cli {

class StopFlag {
 public:
  void Set() {
    common::MutexLock lock(mu_);
    set_ = true;
    changed_.NotifyAll();
  }
  bool IsSet() {
    common::MutexLock lock(mu_);
    return set_;
  }
  // True if the flag is set before `span` has passed.
  bool AwaitFor(common::Duration span, const common::Clock& clock) {
    const common::MonoTime end = common::SaturatingAdd(clock.Mono(), span);
    common::MutexLock lock(mu_);
    for (common::MonoTime now = clock.Mono(); !set_ && now < end; now = clock.Mono())
      changed_.WaitFor(mu_, end - now);
    return set_;
  }

 private:
  common::Mutex mu_;
  common::CondVar changed_;
  bool set_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace liveness::cli
