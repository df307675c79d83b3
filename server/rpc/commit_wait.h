// Lets a caller on a worker's thread wait for what the store has to commit. Thread-safe; shared
// with the registry, for the store may outlast the caller's patience.
#pragma once

#include <chrono>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "common/clock.h"
#include "common/mutex.h"
#include "common/status.h"

namespace liveness::rpc {

class CommitWait {
 public:
  static constexpr auto kPatience = std::chrono::seconds(5);

  // One more outcome is to come.
  void Expect() {
    common::MutexLock lock(mu_);
    ++expected_;
  }
  void Settled(const absl::Status& outcome) {
    common::MutexLock lock(mu_);
    --expected_;
    if (!outcome.ok()) outcome_ = outcome;
    changed_.NotifyAll();
  }
  // OK once all are committed; one of the errors; or UNAVAILABLE after kPatience.
  absl::Status Wait(const common::Clock& clock) {
    const common::MonoTime give_up = clock.Mono() + kPatience;
    common::MutexLock lock(mu_);
    while (expected_ > 0) {
      const common::Duration left = give_up - clock.Mono();
      if (left <= common::Duration::zero()) {
        return common::Error(absl::StatusCode::kUnavailable, "STORE_UNAVAILABLE",
                             "the store has not committed it yet; it may still");
      }
      changed_.WaitFor(mu_, left);
    }
    return outcome_;
  }

 private:
  common::Mutex mu_;
  common::CondVar changed_;
  int expected_ ABSL_GUARDED_BY(mu_) = 0;
  absl::Status outcome_ ABSL_GUARDED_BY(mu_);
};

}  // namespace liveness::rpc
