#include "tests/simulation/world/server_life.h"

#include <chrono>
#include <optional>
#include <string>

#include "tests/simulation/rules/truth.h"
#include "tests/simulation/world/observer.h"
#include "tests/simulation/world/population.h"
#include "tests/simulation/world/saboteur.h"
#include "tests/simulation/world/script.h"
#include "tests/simulation/world/sim_server.h"
#include "tests/simulation/world/wire.h"

namespace liveness::simulation {

using std::chrono::milliseconds;

void ServerLife::PlanCanary() {
  parts_.script.After(milliseconds(200), "canary", [this] {
    const SimServer& server = parts_.server;
    if (server.up() && !server.stopped() && !parts_.script.random().Chance(20)) {
      parts_.server.registry().CanaryAnswered(parts_.script.now(), parts_.script.now());
    }
    PlanCanary();
  });
}

void ServerLife::Freeze(Duration span) {
  if (parts_.server.deaf() || !parts_.truth.serving_since()) return;
  parts_.script.Note([&] { return "  nothing is read for " + Millis(span); });
  parts_.server.Freeze(parts_.saboteur.LiesForTheCanary());
  parts_.script.After(span, "the I/O threads run again", [this] { Thaw(); });
}

void ServerLife::Thaw() {
  if (!parts_.server.frozen()) return;
  parts_.script.RunOne("the detector looks", [this] { parts_.server.Thaw(); });
  parts_.wire.ReadBacklog(std::nullopt);
}

void ServerLife::Stall(Duration span) {
  if (parts_.server.deaf() || !parts_.truth.serving_since()) return;
  parts_.script.Note([&] { return "  the server stands for " + Millis(span); });
  parts_.server.Stop();
  parts_.script.After(span, "the server runs again", [this] { Resume(); });
}

void ServerLife::Resume() {
  if (!parts_.server.stopped()) return;
  // The detector may run before, amidst or after what waits.
  Random& random = parts_.script.random();
  parts_.wire.ReadBacklog(random.Below(3) == 0 ? 0 : random.Below(parts_.wire.waiting() + 1));
}

void ServerLife::Kill(Duration down) {
  if (!parts_.server.up() || !parts_.server.options().durable) return;
  parts_.script.Note([&] { return "  the server is killed, for " + Millis(down); });
  parts_.observer.LoseServer();
  parts_.wire.Lose();
  parts_.truth.Die(parts_.script.now());
  parts_.server.Kill();
  for (const auto& process : parts_.population.all()) process->OnKill();
  parts_.script.After(down, "the server starts", [this] {
    if (!parts_.server.up()) Start();
  });
}

void ServerLife::Start() {
  parts_.server.Start();
  parts_.truth.Live();
  parts_.observer.Tell([](Checker& checker) { checker.OnRestart(); });
  const auto serve = [this, life = parts_.truth.life()] {
    if (parts_.truth.life() == life && !parts_.truth.serving_since()) Serve();
  };
  Random& random = parts_.script.random();
  if (random.Chance(70)) return serve();
  parts_.script.After(random.Between(Duration::zero(), milliseconds(100)), "the server serves", serve);
}

void ServerLife::Serve() {
  parts_.server.Serve();
  parts_.observer.FindServer();
}

void ServerLife::Recover() {
  if (parts_.server.stopped()) parts_.script.RunOne("the server runs again", [this] { Resume(); });
  if (!parts_.server.up()) parts_.script.RunOne("the server starts", [this] { Start(); });
  if (!parts_.truth.serving_since()) parts_.script.RunOne("the server serves", [this] { Serve(); });
  Thaw();
}

}  // namespace liveness::simulation
