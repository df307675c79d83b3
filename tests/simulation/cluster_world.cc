#include "tests/simulation/cluster_world.h"

#include <algorithm>
#include <utility>

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
    : random_(seed), steps_(steps), rules_(ledger_, kAmnesty, kFresh) {
  for (std::size_t server = 0; server < kServers; ++server) StartServer(server);
  for (const char* id : {"a", "b", "c"}) StartProcess(id);
}

ClusterWorld::~ClusterWorld() = default;

std::optional<std::string> ClusterWorld::Run() {
  const int fault_percent = static_cast<int>(1 + random_.Below(10));
  while (step_ < steps_ && !rules_.complaint()) {
    if (random_.Chance(static_cast<std::uint64_t>(fault_percent))) Strike();
    Step();
  }
  if (!rules_.complaint()) CheckEnd();
  if (!rules_.complaint()) return std::nullopt;
  return "step " + std::to_string(step_) + ": " + *rules_.complaint();
}

void ClusterWorld::Step() {
  ++step_;
  clock_.Advance(kStep);
  for (const auto& node : nodes_) {
    if (node == nullptr) continue;
    (void)node->registry.Tick(clock_.Mono(), clock_.Mono());
    if (!node->cut && random_.Chance(static_cast<std::uint64_t>(node->eager))) Exchange(*node);
    rules_.CheckStory(node->registry, node->checked, node->store.told());
    if (!node->store.complaints().empty()) rules_.Complain(node->store.complaints().front());
  }
  for (std::size_t i = 0; i < processes_.size(); ++i) Act(*processes_[i]);
  std::erase_if(left_, [&](const auto& stream) {
    if (!random_.Chance(10)) return false;
    ReadClose(*stream);
    return true;
  });
}

void ClusterWorld::Exchange(ClusterNode& node) {
  const bool all = node.eager == 100;
  std::size_t applies = all ? node.store.queue().size() : random_.Below(node.store.queue().size() + 1);
  for (; applies != 0; --applies) node.store.Apply(random_.Below(node.store.queue().size()));
  rules_.ReadLog(clock_.Mono());
  node.store.Tell(all || random_.Chance(50) ? ~std::size_t{0} : random_.Below(3));
}

void ClusterWorld::RunFor(Duration span) {
  for (; span > Duration::zero() && !rules_.complaint(); span -= kStep) Step();
}

void ClusterWorld::CheckEnd() {
  Repair();
  RunFor(seconds(4));
  rules_.CheckHolders();
  CheckAgreement();
  for (const auto& process : processes_) CheckProcess(*process);

  for (const auto& process : processes_) process->running = false;
  RunFor(seconds(3));
  for (const auto& [id, record] : ledger_.records()) {
    if (core::IsLive(record->state)) rules_.Complain(id + " looks live long after it fell silent");
  }
  CheckAgreement();
}

void ClusterWorld::CheckAgreement() {
  // What was decided just now is on its way.
  for (int round = 0; round < 5; ++round) {
    for (const auto& node : nodes_) Exchange(*node);
  }
  for (const auto& node : nodes_) {
    const std::string name = NameOf(static_cast<std::size_t>(&node - nodes_.data()));
    auto scan = node->registry.Scan({.limit = 1'000});
    if (!node->store.idle()) rules_.Complain(name + " is not done");
    if (scan.views.size() != ledger_.records().size())
      rules_.Complain(name + " knows " + std::to_string(scan.views.size()) + " clients");
    for (const auto& view : scan.views) {
      const core::RecordPtr record = ledger_.Find(std::string(view.record->client_id()));
      if (record == nullptr || record->revision != view.record->revision ||
          record->state != view.record->state)
        rules_.Complain(name + " shows another " + std::string(view.record->client_id()));
    }
  }
}

void ClusterWorld::CheckProcess(const ClusterProcess& process) {
  if (!process.running) return;
  const core::RecordPtr record = ledger_.Find(process.client_id);
  const bool in = process.stream != nullptr && process.stream->welcomed && record != nullptr &&
                  record->state == core::State::kAlive && record->incarnation == process.token &&
                  record->info.instance_id() == process.instance_id &&
                  *record->server_id == NameOf(process.stream->server);
  if (!in) rules_.Complain(process.instance_id + " runs, and did not get in");
}

}  // namespace liveness::simulation
