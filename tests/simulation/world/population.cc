#include "tests/simulation/world/population.h"

#include <chrono>
#include <utility>

#include "tests/simulation/world/script.h"

namespace liveness::simulation {

using std::chrono::microseconds;
using std::chrono::milliseconds;

void Population::Start(const std::string& client_id) {
  Random& random = parts_.script.random();
  Random& paths = parts_.script.paths();
  Random& races = parts_.script.races();
  Habits habits;
  habits.client_id = client_id;
  habits.instance_id = client_id + "-" + std::to_string(all_.size() + 1);
  habits.interval = random.Between(milliseconds(100), milliseconds(1'000));
  habits.timeout = habits.interval * (2 + static_cast<int>(random.Below(3)));
  if (random.Chance(50)) habits.timeout += random.Between(Duration::zero(), habits.interval);
  habits.latency = random.Between(microseconds(100), milliseconds(10));
  habits.many_ports = random.Chance(90);
  habits.host = random.Chance(50) ? "h1" : "h2";
  habits.adaptive = paths.Chance(40);
  habits.loss = paths.Chance(50) ? 0 : static_cast<int>(paths.Below(40));
  habits.races = races.Chance(40);
  habits.patience = races.Between(habits.interval / 8, habits.interval / 2);
  all_.push_back(std::make_shared<Process>(parts_, std::move(habits)));
  all_.back()->Connect();
}

Process& Population::Any() {
  // Those of the past are only of interest now and then.
  std::vector<Process*> running;
  for (const auto& each : all_) {
    if (each->running()) running.push_back(each.get());
  }
  Random& random = parts_.script.random();
  return running.empty() ? *all_[random.Below(all_.size())] : *running[random.Below(running.size())];
}

std::string Population::AnyClient() {
  return all_[parts_.script.random().Below(all_.size())]->habits().client_id;
}

}  // namespace liveness::simulation
