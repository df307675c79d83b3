// What the server finds out of itself, as lines of its log. See docs/witness-clock.md.
#pragma once

#include "common/clock.h"
#include "server/registry/types.h"

namespace liveness::app {

void LogWitness(const registry::WitnessEvent& event, common::Duration max_doubt);

}  // namespace liveness::app
