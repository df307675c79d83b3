// What this server's own troubles are worth to its clients. See registry.h.
#include <algorithm>
#include <utility>

#include "server/registry/records/effects.h"
#include "server/registry/registry.h"

namespace liveness::registry {

void Registry::OnWitness(std::function<void(const WitnessEvent&)> tell) { tell_witness_ = std::move(tell); }

}  // namespace liveness::registry
