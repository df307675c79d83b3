// The servers of a cluster over one store: each is the real registry with its own delay to the store. What it
// decides is committed, and what was committed is told to it, whenever the draw says so. Servers are cut from
// the store, lose their lease and get it back, are killed and started again. Not thread-safe.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <set>
#include <string>

#include "server/registry/registry.h"
#include "tests/simulation/cluster/cluster_parts.h"

namespace liveness::simulation {

inline constexpr std::size_t kServers = 3;

// One life of one server.
struct ClusterNode {
  ClusterNode(int its_life, testing::ManualClock& clock, testing::Ledger& ledger,
              const registry::RegistryOptions& options)
      : life(its_life),
        store(ledger, testing::ManualStore::Kind::kShared),
        registry(options, clock, store, *store.Load()),
        checked(store.told()) {
    store.Start(registry);
  }
  ~ClusterNode() { store.Stop(); }

  const int life;
  testing::ManualStore store;
  registry::Registry registry;
  std::size_t checked;  // so much of the store's log it has told, and rightly
  bool cut = false;     // from the store
  int eager = 50;       // how likely it is, in percent, to reach the store in a step
};

class ClusterServers {
 public:
  static std::string NameOf(std::size_t server) { return "s" + std::to_string(server); }

  explicit ClusterServers(const ClusterParts& parts) : parts_(parts) {}

  // Null while it is down.
  ClusterNode* At(std::size_t server) { return nodes_.at(server).get(); }
  // Null if that life of it is over.
  ClusterNode* InLife(std::size_t server, int life);
  bool HasLease(std::size_t server) const { return leases_.contains(server); }

  void Start(std::size_t server);
  // REQUIRES: it runs. Likewise for the cut.
  void Kill(std::size_t server);
  void SetCut(std::size_t server, bool cut);
  void SetLease(std::size_t server, bool lease);
  // All of them run, have leases, and reach the store at once.
  void Repair();

  // All that runs does what is due.
  void Step();
  // At the end: they are done, and know what the store knows.
  void CheckAgreement();

 private:
  // What waits is committed, and what was is told; both in part, as the draw says.
  void Exchange(ClusterNode& node);

  const ClusterParts& parts_;
  std::array<std::unique_ptr<ClusterNode>, kServers> nodes_;
  std::set<std::size_t> leases_;
  int lives_ = 0;
};

}  // namespace liveness::simulation
