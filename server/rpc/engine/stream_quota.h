// How much each address holds of what all of them share: streams, watches, calls. Thread-safe.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "common/mutex.h"

namespace liveness::rpc {

class StreamQuota {
 public:
  using Address = std::array<std::uint8_t, 16>;

  // How much of `total` one address may have by default: an address that takes all of its share leaves a
  // quarter to the others.
  static constexpr std::size_t ShareOf(std::size_t total) { return total - total / 4; }

  // `limit` 0: no limit.
  explicit StreamQuota(std::size_t limit) : limit_(limit) {}

  // True if one more is allowed; give it back with Release().
  bool Acquire(const Address& address) {
    common::MutexLock lock(mu_);
    std::size_t& count = counts_[address];
    if (limit_ != 0 && count >= limit_) return false;
    ++count;
    return true;
  }
  void Release(const Address& address) {
    common::MutexLock lock(mu_);
    const auto found = counts_.find(address);
    if (found != counts_.end() && --found->second == 0) counts_.erase(found);
  }

 private:
  const std::size_t limit_;
  common::Mutex mu_;
  absl::flat_hash_map<Address, std::size_t> counts_ ABSL_GUARDED_BY(mu_);
};

// One of an address's places. Not thread-safe.
class QuotaPlace {
 public:
  QuotaPlace() = default;
  ~QuotaPlace() { Release(); }
  QuotaPlace(const QuotaPlace&) = delete;
  QuotaPlace& operator=(const QuotaPlace&) = delete;

  // False if none is left. `quota` outlives this. REQUIRES: it is not held.
  bool Take(StreamQuota& quota, const StreamQuota::Address& address) {
    if (!quota.Acquire(address)) return false;
    quota_ = &quota;
    address_ = address;
    return true;
  }
  // If it is held.
  void Release() {
    if (StreamQuota* const quota = std::exchange(quota_, nullptr)) quota->Release(address_);
  }

 private:
  StreamQuota* quota_ = nullptr;
  StreamQuota::Address address_{};
};

}  // namespace liveness::rpc
