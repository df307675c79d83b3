#include "server/registry/records/standbys.h"

#include <algorithm>
#include <iterator>

namespace liveness::registry {

std::optional<Standby> Standbys::Add(Standby standby) {
  all_.push_back(std::move(standby));
  if (all_.size() <= kMost) return std::nullopt;
  Standby oldest = std::move(all_.front());
  all_.erase(all_.begin());
  return oldest;
}

std::optional<Standby> Standbys::Take(std::uint64_t attachment) {
  const auto at = std::find_if(all_.begin(), all_.end(),
                               [&](const Standby& each) { return each.attachment == attachment; });
  if (at == all_.end()) return std::nullopt;
  Standby taken = std::move(*at);
  all_.erase(at);
  return taken;
}

std::vector<Standby> Standbys::TakeBelow(std::uint64_t attachment) {
  const auto kept = std::find_if(all_.begin(), all_.end(),
                                 [&](const Standby& each) { return each.attachment >= attachment; });
  std::vector<Standby> below(std::make_move_iterator(all_.begin()), std::make_move_iterator(kept));
  all_.erase(all_.begin(), kept);
  return below;
}

}  // namespace liveness::registry
