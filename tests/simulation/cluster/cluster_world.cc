#include "tests/simulation/cluster/cluster_world.h"

#include <chrono>

#include "tests/simulation/cluster/cluster_faults.h"

namespace liveness::simulation {

using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr Duration kStep = milliseconds(10);
constexpr Duration kAmnesty = milliseconds(600);
// Less than the grace: nobody who beat this lately is dead for silence.
constexpr Duration kFresh = milliseconds(250);

}  // namespace

ClusterWorld::ClusterWorld(std::uint64_t seed, int steps)
    : random_(seed),
      steps_(steps),
      rules_(ledger_, kAmnesty, kFresh),
      parts_{random_, clock_, ledger_, rules_, servers_, clients_},
      servers_(parts_),
      clients_(parts_) {
  for (std::size_t server = 0; server < kServers; ++server) servers_.Start(server);
  for (const char* id : {"a", "b", "c"}) clients_.Start(id);
}

std::optional<std::string> ClusterWorld::Run() {
  const std::uint64_t fault_percent = 1 + random_.Below(10);
  while (step_ < steps_ && !rules_.complaint()) {
    if (random_.Chance(fault_percent)) StrikeCluster(parts_);
    Step();
  }
  if (!rules_.complaint()) CheckEnd();
  if (!rules_.complaint()) return std::nullopt;
  return "step " + std::to_string(step_) + ": " + *rules_.complaint();
}

void ClusterWorld::Step() {
  ++step_;
  clock_.Advance(kStep);
  servers_.Step();
  clients_.Step();
}

void ClusterWorld::RunFor(Duration span) {
  for (; span > Duration::zero() && !rules_.complaint(); span -= kStep) Step();
}

void ClusterWorld::CheckEnd() {
  servers_.Repair();
  RunFor(seconds(4));
  rules_.CheckHolders();
  servers_.CheckAgreement();
  clients_.Check();

  clients_.Silence();
  RunFor(seconds(3));
  for (const auto& [id, record] : ledger_.records()) {
    if (core::IsLive(record->state)) rules_.Complain(id + " looks live long after it fell silent");
  }
  servers_.CheckAgreement();
}

}  // namespace liveness::simulation
