// The parts of a cluster's world, as they know each other. All of them outlive whoever holds this.
#pragma once

#include "tests/simulation/random.h"
#include "tests/simulation/rules/cluster_rules.h"
#include "tests/support/manual_clock.h"
#include "tests/support/stores/manual_store.h"

namespace liveness::simulation {

class ClusterClients;
class ClusterServers;

struct ClusterParts {
  Random& random;
  testing::ManualClock& clock;
  testing::Ledger& ledger;
  ClusterRules& rules;
  ClusterServers& servers;
  ClusterClients& clients;
};

}  // namespace liveness::simulation
