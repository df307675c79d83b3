#include "server/core/fleet/voices.h"

#include <iterator>

namespace liveness::core {

void Voices::Add(const std::string& voice, std::int64_t members, std::int64_t fallen) {
  const auto at = voices_.try_emplace(voice).first;
  Voice& changed = at->second;
  shares_ -= changed.share();
  Resize(changed.members, changed.members + members);
  changed.members += members;
  changed.fallen += fallen;
  shares_ += changed.share();
  members_ += members;
  fallen_ += fallen;
  if (changed.members == 0 && changed.fallen == 0) voices_.erase(at);
  if (fallen_ == 0) shares_ = 0;  // what rounding has left
}

void Voices::Resize(std::int64_t before, std::int64_t after) {
  if (before == after) return;
  if (before != 0) {
    const auto at = by_members_.find(before);
    if (--at->second == 0) by_members_.erase(at);
  }
  if (after != 0) ++by_members_[after];
}

double Voices::FallenShare() const {
  return voices_.empty() ? 0 : shares_ / static_cast<double>(voices_.size());
}

std::int64_t Voices::BesideTheLargest() const {
  return by_members_.empty() ? 0 : members_ - std::prev(by_members_.end())->first;
}

}  // namespace liveness::core
