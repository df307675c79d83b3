#include "server/registry/records/history.h"

#include <algorithm>
#include <utility>

namespace liveness::registry {

void History::Append(core::TransitionPtr transition) {
  last_ = transition->revision();
  log_.Append(std::move(transition));
}

void History::BeginGap(std::uint64_t after, std::uint64_t until) {
  open_gap_ = open_gap_ ? std::min(*open_gap_, after) : after;
  log_.AddGap(after, until);
}

void History::EndGap(std::uint64_t until) {
  open_gap_.reset();
  last_ = std::max(last_, until);
}

}  // namespace liveness::registry
