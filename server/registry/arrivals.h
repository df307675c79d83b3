// How one client's pings have arrived: for those that asked for adaptive detection
// or a quality contract, and only for them.
//
// The stream's thread writes, the detector and whoever shows the client read; a
// small lock of its own. Thread-safe.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "common/clock.h"
#include "common/mutex.h"
#include "server/core/accrual.h"
#include "server/core/path_quality.h"
#include "server/core/timing.h"

namespace liveness::registry {

class Arrivals {
 public:
  // `threshold`: ACCRUAL with that level; nullopt: the path is measured, the
  // timeout alone decides.
  Arrivals(const core::Timing& timing, std::optional<double> threshold,
           const core::PathQuality& path = core::PathQuality())
      : timing_(timing), threshold_(threshold), path_(path) {
    if (threshold)
      accrual_.emplace(core::AccrualDetector::Options{timing.interval, timing.timeout, *threshold});
  }

  const core::Timing& timing() const { return timing_; }
  std::optional<double> threshold() const { return threshold_; }

  // A ping came. `stalls`: how often this server has stood so far; an interval
  // with a stall in it tells nothing. True if the client is now overdue sooner
  // than the timer may have been armed for.
  bool Arrived(common::MonoTime now, std::uint64_t sequence, std::int64_t stalls) {
    common::MutexLock lock(mu_);
    if (stalls != stalls_) Gap();
    stalls_ = stalls;
    path_.Arrived(now, sequence, timing_.interval, timing_.timeout);
    if (!accrual_) return false;
    accrual_->Arrived(now);
    const common::Duration due = accrual_->DueAfter();
    if (due >= armed_) return false;
    armed_ = due;
    return true;
  }
  // Another stream: its sequence and its pace begin anew.
  void NewStream() {
    common::MutexLock lock(mu_);
    Gap();
  }
  void RoundTrip(common::Duration rtt) {
    common::MutexLock lock(mu_);
    path_.RoundTrip(rtt);
  }

  // The silence after which the client is overdue, for a timer that is armed now.
  common::Duration DueAfter() {
    common::MutexLock lock(mu_);
    armed_ = accrual_ ? accrual_->DueAfter() : timing_.timeout;
    return armed_;
  }
  // Phi, after that silence on the witness clock; 0 without accrual.
  double Suspicion(common::Duration silence) const {
    common::MutexLock lock(mu_);
    return accrual_ ? accrual_->Phi(silence) : 0;
  }
  core::PathQuality path() const {
    common::MutexLock lock(mu_);
    return path_;
  }

 private:
  void Gap() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    path_.Gap();
    if (accrual_) accrual_->Gap();
  }

  const core::Timing timing_;
  const std::optional<double> threshold_;
  mutable common::Mutex mu_;
  std::optional<core::AccrualDetector> accrual_ ABSL_GUARDED_BY(mu_);
  core::PathQuality path_ ABSL_GUARDED_BY(mu_);
  std::int64_t stalls_ ABSL_GUARDED_BY(mu_) = 0;
  common::Duration armed_ ABSL_GUARDED_BY(mu_) = common::Duration::max();
};

}  // namespace liveness::registry
