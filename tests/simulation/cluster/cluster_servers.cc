#include "tests/simulation/cluster/cluster_servers.h"

#include <chrono>
#include <vector>

namespace liveness::simulation {

using std::chrono::milliseconds;
using std::chrono::seconds;

ClusterNode* ClusterServers::InLife(std::size_t server, int life) {
  ClusterNode* node = At(server);
  return node != nullptr && node->life == life ? node : nullptr;
}

void ClusterServers::Start(std::size_t server) {
  registry::RegistryOptions options;
  options.server_id = NameOf(server);
  options.resume_grace = milliseconds(300);
  options.restart_grace = milliseconds(500);
  options.keep_left = seconds(2);
  options.keep_dead = seconds(4);
  nodes_.at(server) = std::make_unique<ClusterNode>(++lives_, parts_.clock, parts_.ledger, options);
  SetLease(server, true);
  nodes_.at(server)->registry.BeginServing();
}

void ClusterServers::Kill(std::size_t server) {
  parts_.rules.Leaves(NameOf(server), parts_.clock.Mono());
  nodes_.at(server) = nullptr;
}

void ClusterServers::SetCut(std::size_t server, bool cut) {
  ClusterNode& node = *nodes_.at(server);
  node.cut = cut;
  node.store.set_health(cut ? absl::UnavailableError("cut off") : absl::OkStatus());
  if (cut) parts_.rules.Count("cut");
  if (!cut) SetLease(server, leases_.contains(server));
}

void ClusterServers::SetLease(std::size_t server, bool lease) {
  if (lease) {
    leases_.insert(server);
  } else if (leases_.erase(server) != 0) {
    parts_.rules.Leaves(NameOf(server), parts_.clock.Mono());
  }
  std::vector<std::string> ids;
  for (const std::size_t each : leases_) ids.push_back(NameOf(each));
  for (const auto& node : nodes_) {
    if (node != nullptr && !node->cut) node->store.SetServers(ids);
  }
}

void ClusterServers::Repair() {
  for (std::size_t server = 0; server < kServers; ++server) {
    if (nodes_.at(server) == nullptr) Start(server);
    nodes_.at(server)->eager = 100;
    SetCut(server, false);
    SetLease(server, true);
  }
}

void ClusterServers::Step() {
  const MonoTime now = parts_.clock.Mono();
  for (const auto& node : nodes_) {
    if (node == nullptr) continue;
    (void)node->registry.Tick(now, now);
    if (!node->cut && parts_.random.Chance(static_cast<std::uint64_t>(node->eager))) Exchange(*node);
    parts_.rules.CheckStory(node->registry, node->checked, node->store.told());
    if (!node->store.complaints().empty()) parts_.rules.Complain(node->store.complaints().front());
  }
}

void ClusterServers::Exchange(ClusterNode& node) {
  const bool all = node.eager == 100;
  const std::size_t waiting = node.store.queue().size();
  std::size_t applies = all ? waiting : parts_.random.Below(waiting + 1);
  for (; applies != 0; --applies) node.store.Apply(parts_.random.Below(node.store.queue().size()));
  parts_.rules.ReadLog(parts_.clock.Mono());
  node.store.Tell(all || parts_.random.Chance(50) ? ~std::size_t{0} : parts_.random.Below(3));
}

void ClusterServers::CheckAgreement() {
  // What was decided just now is on its way.
  for (int round = 0; round < 5; ++round) {
    for (const auto& node : nodes_) Exchange(*node);
  }
  for (std::size_t server = 0; server < kServers; ++server) {
    const ClusterNode& node = *nodes_.at(server);
    auto scan = node.registry.Scan({.limit = 1'000});
    if (!node.store.idle()) parts_.rules.Complain(NameOf(server) + " is not done");
    if (scan.views.size() != parts_.ledger.records().size())
      parts_.rules.Complain(NameOf(server) + " knows " + std::to_string(scan.views.size()) + " clients");
    for (const auto& view : scan.views) {
      const std::string id(view.record->client_id());
      const core::RecordPtr record = parts_.ledger.Find(id);
      if (record == nullptr || record->revision != view.record->revision ||
          record->state != view.record->state)
        parts_.rules.Complain(NameOf(server) + " shows another " + id);
    }
  }
}

}  // namespace liveness::simulation
