// How one client's pings have arrived: for those that asked for adaptive detection
// or a quality contract, and only for them.
//
// The stream's thread writes, the detector and queries read; the object has a small lock of its own.
// Thread-safe.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "common/clock.h"
#include "common/mutex.h"
#include "common/saturating.h"
#include "server/core/detection/accrual.h"
#include "server/core/detection/path_quality.h"
#include "server/core/time/timing.h"

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

  struct Arrival {
    bool sooner = false;     // the client is overdue sooner than the timer may have been armed for
    common::Duration due{};  // the silence after which it is overdue, unless more is learnt
  };
  // A ping came. `stalls`: how often this server has stood so far; an interval
  // with a stall in it tells nothing.
  Arrival Arrived(common::MonoTime now, std::uint64_t sequence, std::int64_t stalls) {
    common::MutexLock lock(mu_);
    if (stalls != stalls_) Gap();
    stalls_ = stalls;
    path_.Arrived(now, sequence, timing_.interval, timing_.timeout);
    if (accrual_) accrual_->Arrived(now);
    const common::Duration due = Due();
    vouched_until_ = std::max(vouched_until_, common::SaturatingAdd(now, due));
    if (due >= armed_) return {false, due};
    armed_ = due;
    return {true, due};
  }
  // The client is told at `now` that it is not overdue before what is returned has passed.
  common::Duration Vouch(common::MonoTime now) {
    common::MutexLock lock(mu_);
    vouched_until_ = std::max(vouched_until_, common::SaturatingAdd(now, Due()));
    return Due();
  }
  // Until when the client was told that it is not overdue. What is learnt later may call the client overdue
  // sooner, but it is not dead sooner.
  common::MonoTime vouched_until() const {
    common::MutexLock lock(mu_);
    return vouched_until_;
  }
  // The client has another stream: sequence numbers and pace begin anew.
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
    armed_ = Due();
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
  common::Duration Due() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    return accrual_ ? accrual_->DueAfter() : timing_.timeout;
  }
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
  common::MonoTime vouched_until_ ABSL_GUARDED_BY(mu_) = common::MonoTime::min();
};

}  // namespace liveness::registry
