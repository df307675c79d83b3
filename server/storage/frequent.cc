#include "server/storage/frequent.h"

#include "absl/container/flat_hash_map.h"
#include "common/strings.h"

namespace liveness::storage {

void Frequent::Add(std::string_view name, std::uint64_t times) {
  const auto known = counts_.find(common::ToAbsl(name));
  if (known != counts_.end()) {
    known->second += times;
    return;
  }
  if (counts_.size() < kCounters) {
    counts_.emplace(std::string(name), times);
    return;
  }
  // Nobody's place is free: all give up one, which `kCounters` names before this one have paid for.
  absl::erase_if(counts_, [](auto& each) { return --each.second == 0; });
}

void Frequent::Forget(std::string_view name) { counts_.erase(common::ToAbsl(name)); }

std::vector<std::string> Frequent::AtLeast(std::uint64_t times, std::size_t most) const {
  std::vector<std::string> names;
  for (const auto& [name, count] : counts_) {
    if (names.size() >= most) break;
    if (count >= times) names.push_back(name);
  }
  return names;
}

}  // namespace liveness::storage
