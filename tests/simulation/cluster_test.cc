// A cluster's invariants over drawn worlds, in virtual time. A seed that fails
// is printed; LIVENESS_CLUSTER_SEED=4711 build/dev/tests/simulation_test runs it alone,
// LIVENESS_CLUSTER_SEEDS=100000 draws more of them.
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <string>

#include "tests/simulation/cluster/cluster_world.h"

namespace liveness::simulation {
namespace {

constexpr int kSteps = 400;

std::uint64_t FromEnvironment(const char* name, std::uint64_t otherwise) {
  const char* const text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

TEST(ClusterSimulation, EveryRuleHolds) {
  const std::uint64_t first = FromEnvironment("LIVENESS_CLUSTER_SEED", 0);
  const std::uint64_t seeds = std::getenv("LIVENESS_CLUSTER_SEED") != nullptr
                                  ? first + 1
                                  : FromEnvironment("LIVENESS_CLUSTER_SEEDS", 3'000);
  for (std::uint64_t seed = first; seed < seeds; ++seed) {
    ClusterWorld world(seed, kSteps);
    const auto wrong = world.Run();
    ASSERT_FALSE(wrong) << world.LogText() << "seed " << seed << ", " << *wrong
                        << "; replay: LIVENESS_CLUSTER_SEED=" << seed << " build/dev/tests/simulation_test";
  }
}

TEST(ClusterSimulation, IsEventful) {
  std::map<std::string, int> counts;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    ClusterWorld world(seed, kSteps);
    (void)world.Run();
    for (const auto& [what, count] : world.counts()) counts[what] += count;
  }
  for (const auto& [what, count] : counts) RecordProperty(what, count);
  for (const char* const what :
       {"killed", "cut", "moved", "server lost", "died NOT_RETURNED", "died SUPERSEDED", "died EVICTED",
        "died PROCESS_EXITED", "log SUSPECT>ALIVE", "log DEAD>ALIVE", "log DEAD>FORGOTTEN", "log ALIVE>LEFT",
        "resumed", "begun", "refused UNAVAILABLE", "refused ABORTED", "stopped for good",
        "gave up waiting"}) {
    EXPECT_GE(counts[what], 20) << what;
  }
}

}  // namespace
}  // namespace liveness::simulation
