#include "tests/simulation/cluster/cluster_faults.h"

#include <chrono>
#include <string>

#include "tests/simulation/cluster/cluster_clients.h"
#include "tests/simulation/cluster/cluster_servers.h"

namespace liveness::simulation {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

void StrikeServer(const ClusterParts& parts, std::size_t server) {
  ClusterNode* node = parts.servers.At(server);
  switch (parts.random.Below(node == nullptr ? 2 : 6)) {
    case 0:
      if (node == nullptr) return parts.servers.Start(server);
      parts.rules.Count("killed");
      return parts.servers.Kill(server);
    case 1: return parts.servers.SetLease(server, node != nullptr && parts.random.Chance(70));
    case 2:
    case 3: return parts.servers.SetCut(server, !node->cut);
    default: node->eager = static_cast<int>(1 + parts.random.Below(100)); return;
  }
}

// By any server; no-op if that is down.
void Evict(const ClusterParts& parts, const std::string& client_id) {
  ClusterNode* any = parts.servers.At(parts.random.Below(kServers));
  if (any == nullptr || parts.random.Chance(50)) return;
  parts.rules.AsksForEnd(client_id, parts.clock.Wall());
  any->registry.Evict(client_id, "", [](const absl::StatusOr<core::ClientView>&) {});
}

// Likewise.
void Maintain(const ClusterParts& parts, const std::string& client_id) {
  ClusterNode* any = parts.servers.At(parts.random.Below(kServers));
  if (any == nullptr) return;
  registry::MaintenanceRequest request;
  request.client_id = client_id;
  if (parts.random.Chance(50)) request.until = parts.clock.Wall() + parts.random.Between({}, seconds(2));
  parts.rules.Count("maintained");
  (void)any->registry.SetMaintenance(request, [] { return [](const absl::Status&) {}; });
}

void StrikeProcess(const ClusterParts& parts, ClusterProcess& process) {
  ClusterNode* node = parts.clients.ServerOf(process);
  const bool welcomed = node != nullptr && process.stream->welcomed;
  switch (parts.random.Below(14)) {
    case 0:
    case 1:
    case 2:
      if (welcomed && process.running) parts.clients.Move(process);
      return;
    case 3:
    case 4:
    case 5:
      if (node != nullptr && process.running) parts.clients.Close(process);
      return;
    case 6:
      if (welcomed && process.running)
        parts.clients.UpdateLabels(process, {{"turn", std::to_string(parts.random.Below(100))}});
      return;
    case 7:
      if (welcomed && process.running)
        parts.clients.SayGoodbye(process, static_cast<int>(parts.random.Below(2)));
      return;
    case 8:
      if (parts.random.Chance(50)) process.running = false;  // silent for ever, its stream open
      return;
    case 9: return Evict(parts, process.client_id);
    case 10:
    case 11: return Maintain(parts, process.client_id);
    default: return parts.clients.Start(process.client_id);
  }
}

}  // namespace

void StrikeCluster(const ClusterParts& parts) {
  if (parts.random.Chance(35)) return StrikeServer(parts, parts.random.Below(kServers));
  StrikeProcess(parts, parts.clients.Any());
}

}  // namespace liveness::simulation
