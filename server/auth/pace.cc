#include "server/auth/pace.h"

#include <algorithm>
#include <utility>

namespace liveness::auth {
namespace {

// Old names looked at for each new one: more than one, so that the table shrinks.
constexpr int kLooks = 2;

}  // namespace

common::Duration Pace::Take(const std::string& name, common::MonoTime now) {
  const auto [at, added] = full_at_.try_emplace(name, now);
  const common::MonoTime full_at = std::max(at->second, now) + options_.each;
  const common::Duration wait = full_at - now - options_.each * options_.burst;
  if (wait <= common::Duration::zero()) at->second = full_at;
  if (added) {
    oldest_first_.emplace_back(name);
    ForgetOld(now);
  }
  return std::max(wait, common::Duration::zero());
}

void Pace::ForgetOld(common::MonoTime now) {
  for (int i = 0; i < kLooks && oldest_first_.size() > 1; ++i) {
    const auto found = full_at_.find(oldest_first_.front());
    if (found->second > now && full_at_.size() <= options_.capacity) {
      // Still counting: to the end of the row, so that it does not hide those behind it.
      oldest_first_.push_back(std::move(oldest_first_.front()));
    } else {
      full_at_.erase(found);
    }
    oldest_first_.pop_front();
  }
}

}  // namespace liveness::auth
