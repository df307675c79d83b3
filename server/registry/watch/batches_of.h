// From transitions to what the watchers of one filter are told. Pure.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "server/registry/watch/watch.h"

namespace liveness::registry {

// As MakeBatches (watch.h), of a stretch of transitions.
std::vector<std::shared_ptr<const Batch>> BatchesOf(const RecordFilter& filter,
                                                    std::span<const core::TransitionPtr> transitions);

}  // namespace liveness::registry
