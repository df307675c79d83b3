// What may befall a cluster: one draw of one fault.
#pragma once

#include "tests/simulation/cluster/cluster_parts.h"

namespace liveness::simulation {

void StrikeCluster(const ClusterParts& parts);

}  // namespace liveness::simulation
