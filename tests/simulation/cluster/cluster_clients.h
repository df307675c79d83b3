// The processes of a cluster, and what server/rpc does with their streams. They beat, lose their streams, go
// to another server with their token, give up waiting, leave, and fall silent. Not thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "server/registry/records/types.h"
#include "tests/simulation/cluster/cluster_parts.h"
#include "tests/simulation/cluster/cluster_servers.h"

namespace liveness::simulation {

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

class ClusterClients {
 public:
  explicit ClusterClients(const ClusterParts& parts) : parts_(parts) {}

  // An instance of the client; its others do not know.
  void Start(const std::string& client_id);
  ClusterProcess& Any();
  // The server of its stream; null if it has none, or that is gone.
  ClusterNode* ServerOf(const ClusterProcess& process);

  void Close(ClusterProcess& process);
  // It goes to another server, and its stream stays open for a while. REQUIRES: it has one.
  void Move(ClusterProcess& process);
  // REQUIRES, of these: its stream was welcomed, and its server is there.
  void UpdateLabels(ClusterProcess& process, core::Labels labels);
  void SayGoodbye(ClusterProcess& process, int exit_code);

  // All that runs does what is due.
  void Step();
  // At the end: each that runs got in.
  void Check();
  // All fall silent.
  void Silence();

 private:
  void Act(ClusterProcess& process);
  void Connect(ClusterProcess& process);
  void Answer(ClusterProcess& process, const std::shared_ptr<ClusterStream>& stream,
              const absl::StatusOr<registry::Attached>& attached);
  void Beat(ClusterProcess& process);
  // The server reads the end of a stream; first what was under way on it.
  void ReadClose(const ClusterStream& stream);
  void Ended(ClusterProcess& process);
  void Check(const ClusterProcess& process);

  const ClusterParts& parts_;
  std::vector<std::unique_ptr<ClusterProcess>> all_;
  std::vector<std::shared_ptr<ClusterStream>> left_;  // still open, and their processes have moved on
};

}  // namespace liveness::simulation
