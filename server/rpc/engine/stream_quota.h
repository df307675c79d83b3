// How much each caller holds of what all of them share: streams, watches, calls. A caller counts by its
// address, and where it has proved who it is by its principal too, so that neither many identities at one
// address nor one identity at many addresses takes all. Thread-safe.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "common/mutex.h"

namespace liveness::rpc {

class StreamQuota {
 public:
  using Address = std::array<std::uint8_t, 16>;
  struct Caller {
    std::optional<Address> address;  // nothing: is not counted by it
    std::string principal;           // empty: likewise
  };

  // How much of `total` one caller may have by default: one that takes all of its share leaves a
  // quarter to the others.
  static constexpr std::size_t ShareOf(std::size_t total) { return total - total / 4; }

  // `limit` 0: no limit.
  explicit StreamQuota(std::size_t limit) : limit_(limit) {}

  // True if one more is allowed; give it back with Release().
  bool Acquire(const Caller& caller) {
    common::MutexLock lock(mu_);
    std::size_t* const of_address = caller.address ? &addresses_[*caller.address] : nullptr;
    std::size_t* const of_principal = caller.principal.empty() ? nullptr : &principals_[caller.principal];
    if (IsFull(of_address) || IsFull(of_principal)) return false;
    if (of_address != nullptr) ++*of_address;
    if (of_principal != nullptr) ++*of_principal;
    return true;
  }
  void Release(const Caller& caller) {
    common::MutexLock lock(mu_);
    if (caller.address) GiveBack(addresses_, *caller.address);
    if (!caller.principal.empty()) GiveBack(principals_, caller.principal);
  }

 private:
  bool IsFull(const std::size_t* count) const { return limit_ != 0 && count != nullptr && *count >= limit_; }
  template <typename Map, typename Key>
  static void GiveBack(Map& counts, const Key& key) {
    const auto found = counts.find(key);
    if (found != counts.end() && --found->second == 0) counts.erase(found);
  }

  const std::size_t limit_;
  common::Mutex mu_;
  absl::flat_hash_map<Address, std::size_t> addresses_ ABSL_GUARDED_BY(mu_);
  absl::flat_hash_map<std::string, std::size_t> principals_ ABSL_GUARDED_BY(mu_);
};

// One of a caller's places. Not thread-safe.
class QuotaPlace {
 public:
  QuotaPlace() = default;
  ~QuotaPlace() { Release(); }
  QuotaPlace(const QuotaPlace&) = delete;
  QuotaPlace& operator=(const QuotaPlace&) = delete;

  // False if none is left. `quota` outlives this. REQUIRES: it is not held.
  bool Take(StreamQuota& quota, StreamQuota::Caller caller) {
    if (!quota.Acquire(caller)) return false;
    quota_ = &quota;
    caller_ = std::move(caller);
    return true;
  }
  // If it is held.
  void Release() {
    if (StreamQuota* const quota = std::exchange(quota_, nullptr)) quota->Release(caller_);
  }

 private:
  StreamQuota* quota_ = nullptr;
  StreamQuota::Caller caller_;
};

}  // namespace liveness::rpc
