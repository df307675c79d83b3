#include "server/net/connection_rate.h"

#include <algorithm>

namespace liveness::net {
namespace {

// Old entries looked at for each new one: more than one, so that the table shrinks.
constexpr int kLooks = 2;

}  // namespace

ConnectionRate::ConnectionRate(const Options& options)
    : each_(options.per_second == 0
                ? common::Duration::zero()
                : common::Duration(std::chrono::seconds(1)) / static_cast<std::int64_t>(options.per_second)),
      most_ahead_(each_ * static_cast<std::int64_t>(options.burst)),
      capacity_(std::max<std::size_t>(options.capacity, 1)) {}

bool ConnectionRate::Admit(const Endpoint& remote, common::MonoTime now) {
  if (each_ == common::Duration::zero()) return true;
  const Key key = NetworkOf(remote);
  const auto [at, added] = full_at_.try_emplace(key, now);
  const common::MonoTime full_at = std::max(at->second, now) + each_;
  const bool admitted = full_at - now <= most_ahead_;
  if (admitted) at->second = full_at;
  if (added) {
    oldest_first_.push_back(key);
    ForgetOld(now);
  }
  return admitted;
}

void ConnectionRate::ForgetOld(common::MonoTime now) {
  for (int i = 0; i < kLooks && oldest_first_.size() > 1; ++i) {
    const auto found = full_at_.find(oldest_first_.front());
    if (found->second > now && full_at_.size() <= capacity_) {
      // Still counting: to the end of the row, so that it does not hide those behind it.
      oldest_first_.push_back(oldest_first_.front());
    } else {
      full_at_.erase(found);
    }
    oldest_first_.pop_front();
  }
}

}  // namespace liveness::net
