// How many streams each address holds. Thread-safe.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "absl/container/flat_hash_map.h"
#include "common/mutex.h"

namespace liveness::rpc {

class StreamQuota {
 public:
  using Address = std::array<std::uint8_t, 16>;

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

}  // namespace liveness::rpc
