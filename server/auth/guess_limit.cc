#include "server/auth/guess_limit.h"

#include <algorithm>
#include <chrono>

#include "server/auth/audit/audit_event.h"

namespace liveness::auth {

GuessLimit::GuessLimit(int per_minute)
    : is_limited_(per_minute > 0),
      pace_({.each = common::Duration(std::chrono::minutes(1)) / std::max(per_minute, 1),
             .burst = static_cast<std::uint32_t>(std::max(per_minute, 1))}) {}

common::Duration GuessLimit::Count(const std::string& address, common::MonoTime now) {
  common::MutexLock lock(mu_);
  const common::Duration wait = is_limited_ ? pace_.Wait(NetworkKey(address), now) : common::Duration::zero();
  ++(wait == common::Duration::zero() ? figures_.refused : figures_.limited);
  return wait;
}

GuessLimit::Figures GuessLimit::figures() const {
  common::MutexLock lock(mu_);
  return figures_;
}

}  // namespace liveness::auth
