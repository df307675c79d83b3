// What befalls a cluster. See cluster_world.h.
#include <utility>

#include "tests/simulation/cluster_world.h"

namespace liveness::simulation {

using std::chrono::milliseconds;
using std::chrono::seconds;

void ClusterWorld::Strike() {
  if (random_.Chance(35)) return StrikeServer(random_.Below(kServers));
  StrikeProcess(*processes_[random_.Below(processes_.size())]);
}

void ClusterWorld::StrikeServer(std::size_t server) {
  ClusterNode* node = nodes_.at(server).get();
  const std::string name = NameOf(server);
  switch (random_.Below(node == nullptr ? 2 : 6)) {
    case 0:
      if (node == nullptr) return StartServer(server);
      rules_.Count("killed");
      rules_.Leaves(name, clock_.Mono());
      nodes_.at(server) = nullptr;
      return;
    case 1: return SetLease(server, node != nullptr && random_.Chance(70));
    case 2:
    case 3: return SetCut(server, !node->cut);
    default: node->eager = static_cast<int>(1 + random_.Below(100)); return;
  }
}

void ClusterWorld::StrikeProcess(ClusterProcess& process) {
  ClusterNode* node = process.stream == nullptr ? nullptr : ServerOf(*process.stream);
  const bool welcomed = node != nullptr && process.stream->welcomed;
  switch (random_.Below(14)) {
    case 0:
    case 1:
    case 2:  // it moves, and its old stream stays for a while
      if (!welcomed || !process.running) return;
      left_.push_back(std::exchange(process.stream, nullptr));
      process.acts_at = clock_.Mono();
      return;
    case 3:
    case 4:
    case 5:
      if (node != nullptr && process.running) Close(process);
      return;
    case 6:
      if (welcomed && process.running) {
        const registry::Attached& attached = process.stream->attached;
        node->registry.UpdateLabels(attached.session, attached.attachment,
                                    {{"turn", std::to_string(random_.Below(100))}});
      }
      return;
    case 7:
      if (!welcomed || !process.running) return;
      rules_.AsksForEnd(process.client_id, clock_.Wall());
      node->registry.SayGoodbye(process.stream->attached.session, process.stream->attached.attachment,
                                {.exit_code = static_cast<int>(random_.Below(2))});
      process.running = false;
      return;
    case 8:
      if (random_.Chance(50)) process.running = false;  // silent for ever, its stream open
      return;
    case 9: {
      ClusterNode* any = nodes_.at(random_.Below(kServers)).get();
      if (any == nullptr || random_.Chance(50)) return;
      rules_.AsksForEnd(process.client_id, clock_.Wall());
      any->registry.Evict(process.client_id, "", [](const absl::StatusOr<core::ClientView>&) {});
      return;
    }
    case 10:
    case 11: {
      ClusterNode* any = nodes_.at(random_.Below(kServers)).get();
      if (any == nullptr) return;
      registry::MaintenanceRequest request;
      request.client_id = process.client_id;
      if (random_.Chance(50)) request.until = clock_.Wall() + random_.Between({}, seconds(2));
      rules_.Count("maintained");
      (void)any->registry.SetMaintenance(request, [] { return [](const absl::Status&) {}; });
      return;
    }
    default: return StartProcess(process.client_id);
  }
}

void ClusterWorld::StartServer(std::size_t server) {
  registry::RegistryOptions options;
  options.server_id = NameOf(server);
  options.resume_grace = milliseconds(300);
  options.restart_grace = milliseconds(500);
  options.keep_left = seconds(2);
  options.keep_dead = seconds(4);
  nodes_.at(server) = std::make_unique<ClusterNode>(++lives_, clock_, ledger_, options);
  SetLease(server, true);
  nodes_.at(server)->registry.BeginServing();
}

void ClusterWorld::SetCut(std::size_t server, bool cut) {
  ClusterNode& node = *nodes_.at(server);
  node.cut = cut;
  node.store.set_health(cut ? absl::UnavailableError("cut off") : absl::OkStatus());
  if (cut) rules_.Count("cut");
  if (!cut) SetLease(server, leases_.contains(server));
}

void ClusterWorld::SetLease(std::size_t server, bool lease) {
  if (lease) {
    leases_.insert(server);
  } else if (leases_.erase(server) != 0) {
    rules_.Leaves(NameOf(server), clock_.Mono());
  }
  std::vector<std::string> ids;
  for (const std::size_t each : leases_) ids.push_back(NameOf(each));
  for (const auto& node : nodes_) {
    if (node != nullptr && !node->cut) node->store.SetServers(ids);
  }
}

void ClusterWorld::Repair() {
  for (std::size_t server = 0; server < kServers; ++server) {
    if (nodes_.at(server) == nullptr) StartServer(server);
    nodes_.at(server)->eager = 100;
    SetCut(server, false);
    SetLease(server, true);
  }
}

}  // namespace liveness::simulation
