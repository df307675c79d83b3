#include "tests/simulation/world/world.h"

#include <chrono>
#include <string>

#include "server/registry/ledger/pending_client.h"
#include "tests/simulation/world/draw_options.h"
#include "tests/simulation/world/faults.h"

namespace liveness::simulation {

using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

// Far beyond any session's timeout + grace.
constexpr Duration kLongSilence = seconds(20);

}  // namespace

World::World(const Options& options)
    : steps_(options.steps),
      saboteur_(options.saboteur == nullptr ? honest_ : *options.saboteur),
      script_(options.seed, options.log, options.tape),
      server_(SetUp(), script_, truth_, saboteur_),
      parts_{script_, saboteur_, truth_, server_, observer_, rpc_, wire_, life_, population_},
      observer_(parts_, options.seed, options.observer),
      rpc_(parts_),
      wire_(parts_),
      life_(parts_),
      population_(parts_) {
  script_.AfterEachStep([this] { observer_.EndStep(); });
}

SimServer::Options World::SetUp() {
  SimServer::Options options = DrawOptions(script_.random());
  truth_.restart_grace = options.registry.restart_grace;
  // All that may wait before it, and itself.
  truth_.commit_slack = options.commits_in * (registry::PendingClient::kCoalesceFrom + 2);
  truth_.hello_slack = options.commits_in * (registry::PendingClient::kMaxWaiting + 2);
  saboteur_.Configure(options.registry);
  return options;
}

std::optional<Report> World::Run() {
  Random& random = script_.random();
  fault_pause_ = random.Between(milliseconds(100), milliseconds(1'000));
  const std::uint64_t clients = 1 + random.Below(4);
  for (std::uint64_t i = 0; i < clients; ++i) population_.Start("c" + std::to_string(i));
  observer_.StartWatchers(1 + random.Below(3));
  if (random.Chance(50)) life_.PlanCanary();
  PlanFault();
  while (script_.step() < steps_ && !observer_.report() && !script_.empty()) {
    const Script::Event event = script_.TakeNext();
    server_.AdvanceTo(event.at);
    if (!observer_.report()) script_.RunOne(event.what, event.run);
  }
  if (!observer_.report()) Finish();
  return observer_.report();
}

void World::PlanFault() {
  script_.After(script_.random().Between(milliseconds(10), fault_pause_), "fault", [this] {
    Strike(parts_);
    PlanFault();
  });
}

void World::Finish() {
  life_.Recover();
  for (const auto& process : population_.all()) process->BeSilent();
  script_.Note([] { return std::string("everybody is silent"); });
  observer_.BeginEnd();
  server_.AdvanceTo(script_.now() + kLongSilence);
  observer_.End();
}

}  // namespace liveness::simulation
