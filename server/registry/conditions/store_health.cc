#include "server/registry/conditions/store_health.h"

#include <algorithm>
#include <string>

#include "common/saturating.h"

namespace liveness::registry {

using core::Duration;
using core::MonoTime;
using Kind = WitnessEvent::Kind;

namespace {

constexpr auto kAskEvery = std::chrono::milliseconds(100);

}  // namespace

void StoreHealth::Follow(MonoTime now, Effects& effects) {
  if (now - asked_at_ < kAskEvery) return;
  asked_at_ = now;
  FollowLease(now, effects);
  const absl::Status health = store_.health();
  const bool fails = !health.ok();
  if (fails == fails_) return;
  if (!fails && store_.shared()) back_since_ = now;
  if (fails) {
    failed_at_ = now;
    effects.witness.push_back({Kind::kStoreFails, {}, std::string(health.message())});
  } else {
    effects.witness.push_back({Kind::kStoreBack, now - failed_at_, ""});
  }
  fails_ = fails;
}

void StoreHealth::FollowLease(MonoTime now, Effects& effects) {
  const bool has_lease = store_.has_lease();
  if (has_lease && store_.shared()) {
    present_at_.store(now.time_since_epoch().count(), std::memory_order_relaxed);
  }
  if (has_lease != lease_lost_) return;
  lease_lost_ = !lease_lost_;
  if (lease_lost_) lease_lost_at_ = now;
  effects.witness.push_back({lease_lost_ ? Kind::kLeaseLost : Kind::kLeaseBack, now - lease_lost_at_, ""});
}

Duration StoreHealth::Vouch(Duration due, Duration timeout, MonoTime now) const {
  const MonoTime present_at(Duration(present_at_.load(std::memory_order_relaxed)));
  if (present_at == MonoTime::max()) return due;
  const MonoTime until = common::SaturatingAdd(present_at, std::max(timeout, restart_grace_));
  return std::clamp(until - now, Duration::zero(), due);
}

}  // namespace liveness::registry
