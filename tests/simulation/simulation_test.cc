// DESIGN's invariants over thousands of drawn worlds, in virtual time.
//
// Each seed is a world of its own. A seed that fails prints the line that runs
// it alone, with a log of all its steps:
//   LIVENESS_SEED=4711 build/dev/tests/simulation_test
// LIVENESS_SEEDS=100000 draws more of them, for a night.
#include <gtest/gtest.h>

#include <cstdlib>
#include <optional>
#include <string>

#include "tests/simulation/world/world.h"

namespace liveness::simulation {
namespace {

constexpr std::uint64_t kSeeds = 10'000;
constexpr std::uint64_t kShards = 4;
constexpr int kStepsPerSeed = 200;

std::optional<std::uint64_t> FromEnvironment(const char* name) {
  const char* const text = std::getenv(name);
  if (text == nullptr) return std::nullopt;
  return std::strtoull(text, nullptr, 10);
}

void RunSeed(std::uint64_t seed, bool log) {
  const auto report = World({.seed = seed, .steps = kStepsPerSeed, .log = log}).Run();
  if (report) ADD_FAILURE() << report->ToString();
}

void RunShard(std::uint64_t shard) {
  if (const auto alone = FromEnvironment("LIVENESS_SEED")) {
    if (*alone % kShards == shard) RunSeed(*alone, true);
    return;
  }
  const std::uint64_t seeds = FromEnvironment("LIVENESS_SEEDS").value_or(kSeeds);
  for (std::uint64_t seed = shard; seed < seeds; seed += kShards) {
    RunSeed(seed, false);
    if (::testing::Test::HasFailure()) return;
  }
}

TEST(Simulation, EveryInvariantHoldsInTheFirstQuarter) { RunShard(0); }
TEST(Simulation, EveryInvariantHoldsInTheSecondQuarter) { RunShard(1); }
TEST(Simulation, EveryInvariantHoldsInTheThirdQuarter) { RunShard(2); }
TEST(Simulation, EveryInvariantHoldsInTheLastQuarter) { RunShard(3); }

}  // namespace
}  // namespace liveness::simulation
