#include "server/registry/history.h"

#include <algorithm>
#include <utility>

namespace liveness::registry {

void History::Append(core::TransitionPtr transition) {
  last_ = transition->revision();
  transitions_.push_back(std::move(transition));
  while (transitions_.size() > max_transitions_) {
    compacted_ = transitions_.front()->revision();
    transitions_.pop_front();
  }
}

std::vector<core::TransitionPtr> History::After(std::uint64_t after, std::size_t limit) const {
  std::vector<core::TransitionPtr> found;
  auto at =
      std::upper_bound(transitions_.begin(), transitions_.end(), after,
                       [](std::uint64_t wanted, const auto& each) { return wanted < each->revision(); });
  for (; at != transitions_.end(); ++at) {
    if (found.size() >= limit && (*at)->revision() != found.back()->revision()) break;
    found.push_back(*at);
  }
  return found;
}

std::vector<core::TransitionPtr> History::Before(std::uint64_t before, std::size_t limit) const {
  std::vector<core::TransitionPtr> found;
  auto at =
      std::lower_bound(transitions_.begin(), transitions_.end(), before,
                       [](const auto& each, std::uint64_t wanted) { return each->revision() < wanted; });
  while (at != transitions_.begin()) {
    --at;
    if (found.size() >= limit && (*at)->revision() != found.back()->revision()) break;
    found.push_back(*at);
  }
  return found;
}

}  // namespace liveness::registry
