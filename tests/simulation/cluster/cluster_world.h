// A cluster in virtual time: three servers over one store (cluster_servers.h), processes that move between
// them (cluster_clients.h), and what befalls both (cluster_faults.h), all drawn from one seed.
//
// The store's log is the truth that all is judged by (rules/cluster_rules.h). At the end the faults stop:
// whoever runs must get in, all servers must agree; then everybody falls silent, and must be found. Not
// thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "tests/simulation/cluster/cluster_clients.h"
#include "tests/simulation/cluster/cluster_parts.h"
#include "tests/simulation/cluster/cluster_servers.h"

namespace liveness::simulation {

class ClusterWorld {
 public:
  ClusterWorld(std::uint64_t seed, int steps);
  // Nothing if all was right; else what was wrong, with the step.
  std::optional<std::string> Run();

  // The store's log, a line a change with when it was decided.
  std::string LogText() const { return rules_.LogText(); }
  // What happened, by name: a world in which nothing does proves nothing.
  const std::map<std::string, int>& counts() const { return rules_.counts(); }

 private:
  void Step();
  void RunFor(Duration span);
  void CheckEnd();

  Random random_;
  const int steps_;
  testing::ManualClock clock_;
  testing::Ledger ledger_;
  ClusterRules rules_;
  const ClusterParts parts_;
  ClusterServers servers_;
  ClusterClients clients_;
  int step_ = 0;
};

}  // namespace liveness::simulation
