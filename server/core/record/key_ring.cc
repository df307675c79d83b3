#include "server/core/record/key_ring.h"

#include <algorithm>
#include <utility>

namespace liveness::core {
namespace {

bool IsAccepted(const RingKey& key, common::WallTime now) { return !key.until || now < *key.until; }

}  // namespace

KeyRing::KeyRing(std::vector<RingKey> keys) : keys_(std::move(keys)) {
  std::stable_sort(keys_.begin(), keys_.end(),
                   [](const RingKey& one, const RingKey& other) { return one.from < other.from; });
}

const RingKey& KeyRing::Signing(common::WallTime now) const {
  const auto newest = std::find_if(keys_.rbegin(), keys_.rend(), [now](const RingKey& key) {
    return key.from <= now && IsAccepted(key, now);
  });
  if (newest != keys_.rend()) return *newest;
  const auto first =
      std::find_if(keys_.begin(), keys_.end(), [now](const RingKey& key) { return IsAccepted(key, now); });
  return first != keys_.end() ? *first : keys_.back();
}

const RingKey* KeyRing::Find(std::uint64_t id, common::WallTime now) const {
  const auto at = std::find_if(keys_.begin(), keys_.end(), [id](const RingKey& key) { return key.id == id; });
  return at != keys_.end() && IsAccepted(*at, now) ? &*at : nullptr;
}

}  // namespace liveness::core
