// A cluster in virtual time: three servers over one store, processes that move
// between them, and what befalls both, all drawn from one seed.
//
// Each server is the real registry with its own delay to the store: what it
// decides is committed, and what was committed is told to it, whenever the draw
// says so. Servers are cut from the store, lose their lease and get it back, are
// killed and started again. Processes beat, lose their streams, go to another
// server with their token, give up waiting, leave, fall silent, and are evicted
// or superseded by another instance.
//
// The store's log is the truth that all is judged by (cluster_rules.h). At the
// end the faults stop: whoever runs must get in, all servers must agree; then
// everybody falls silent, and must be found. Not thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "server/registry/registry.h"
#include "tests/simulation/cluster_rules.h"
#include "tests/simulation/random.h"
#include "tests/support/manual_clock.h"
#include "tests/support/stores/manual_store.h"

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

// A stream of a process, as both ends know it.
struct ClusterStream {
  std::size_t server = 0;
  int life = 0;  // of the server
  registry::Attached attached;
  bool welcomed = false;
  bool gone = false;                // its process has closed it
  std::optional<absl::Status> end;  // what the process is told at its end
};

struct ClusterProcess {
  std::string client_id;
  std::string instance_id;
  bool running = true;
  std::optional<std::uint64_t> token;
  std::shared_ptr<ClusterStream> stream;  // null while it has none
  MonoTime heard_at{};                    // it was answered, or began to wait
  MonoTime acts_at{};                     // its next beat, or its next try
};

class ClusterWorld {
 public:
  ClusterWorld(std::uint64_t seed, int steps);
  ~ClusterWorld();
  // Nothing if all was right; else what was wrong, with the step.
  std::optional<std::string> Run();

  // The store's log, a line a change with when it was decided.
  std::string LogText() const { return rules_.LogText(); }
  // What happened, by name: a world in which nothing does proves nothing.
  const std::map<std::string, int>& counts() const { return rules_.counts(); }

 private:
  static std::string NameOf(std::size_t server) { return "s" + std::to_string(server); }
  // The server of a stream; null if it is gone.
  ClusterNode* ServerOf(const ClusterStream& stream);

  // --- Time (cluster_world.cc)
  void Step();
  void Exchange(ClusterNode& node);
  void RunFor(Duration span);
  void CheckEnd();
  void CheckAgreement();
  void CheckProcess(const ClusterProcess& process);

  // --- Faults (cluster_faults.cc)
  void Strike();
  void StrikeServer(std::size_t server);
  void StrikeProcess(ClusterProcess& process);
  void StartServer(std::size_t server);
  void SetCut(std::size_t server, bool cut);
  void SetLease(std::size_t server, bool lease);
  void Repair();

  // --- Processes (cluster_process.cc)
  void StartProcess(const std::string& client_id);
  void Act(ClusterProcess& process);
  void Connect(ClusterProcess& process);
  void Answer(ClusterProcess& process, const std::shared_ptr<ClusterStream>& stream,
              const absl::StatusOr<registry::Attached>& attached);
  void Beat(ClusterProcess& process);
  // The server reads the end of a stream; first what was under way on it.
  void ReadClose(ClusterStream& stream);
  void Close(ClusterProcess& process);
  void Ended(ClusterProcess& process);

  Random random_;
  const int steps_;
  testing::ManualClock clock_;
  testing::Ledger ledger_;
  ClusterRules rules_;
  std::array<std::unique_ptr<ClusterNode>, kServers> nodes_;
  std::set<std::size_t> leases_;
  std::vector<std::unique_ptr<ClusterProcess>> processes_;
  std::vector<std::shared_ptr<ClusterStream>> left_;  // still open, and their processes have moved on
  int step_ = 0;
  int instances_ = 0;
  int lives_ = 0;
};

}  // namespace liveness::simulation
