#include "server/registry/history.h"

#include <utility>

namespace liveness::registry {

void History::Append(core::TransitionPtr transition) {
  last_ = transition->revision();
  log_.Append(std::move(transition));
  // What shares a revision stays or goes together: `compacted_` speaks for all of it.
  while (log_.size() > max_transitions_ && log_.oldest() != last_) {
    compacted_ = log_.oldest();
    while (log_.oldest() == compacted_) log_.DropOldest();
  }
}

}  // namespace liveness::registry
