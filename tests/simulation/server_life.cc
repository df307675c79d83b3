// What befalls the server: frozen I/O, a stop, a kill and the start after it. See world.h.
#include <chrono>
#include <optional>

#include "tests/simulation/world.h"

namespace liveness::simulation {

void World::Freeze(Duration span) {
  if (server_.deaf() || !truth_.serving_since()) return;
  Note([&] { return "  nothing is read for " + Millis(span); });
  server_.Freeze(saboteur_.LiesForTheCanary());
  After(span, "the I/O threads run again", [this] { Thaw(); });
}

void World::Thaw() {
  if (!server_.frozen()) return;
  RunOne("the detector looks", [this] { server_.Thaw(); });
  ReadBacklog(std::nullopt);
}

void World::Stall(Duration span) {
  if (server_.deaf() || !truth_.serving_since()) return;
  Note([&] { return "  the server stands for " + Millis(span); });
  server_.Stop();
  After(span, "the server runs again", [this] { Resume(); });
}

void World::Kill(Duration down) {
  if (!server_.up() || !server_.options().durable) return;
  Note([&] { return "  the server is killed, for " + Millis(down); });
  for (auto& watcher : watchers_) watcher->Lose();
  backlog_.clear();
  held_.clear();
  truth_.Die(now());
  server_.Kill();
  for (auto& process : processes_) process->OnReset();
  After(down, "the server starts", [this] {
    if (!server_.up()) StartServer();
  });
}

void World::StartServer() {
  server_.Start();
  truth_.Live();
  Tell([](Checker& checker) { checker.OnRestart(); });
  const auto serve = [this, life = truth_.life()] {
    if (truth_.life() == life && !truth_.serving_since()) Serve();
  };
  if (random_.Chance(70)) return serve();
  After(random_.Between(Duration::zero(), std::chrono::milliseconds(100)), "the server serves", serve);
}

void World::Serve() {
  server_.Serve();
  for (auto& watcher : watchers_) watcher->ComeBack(server_.registry(), random_.Chance(80));
}

void World::Resume() {
  if (!server_.stopped()) return;
  // The detector may run before, amidst or after what waits.
  ReadBacklog(random_.Below(3) == 0 ? 0 : random_.Below(backlog_.size() + 1));
}

}  // namespace liveness::simulation
