#include "tests/simulation/faults.h"

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "tests/simulation/world.h"

namespace liveness::simulation {
namespace {

using core::StreamEnd;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

// From a millisecond to ten seconds, each order of magnitude as likely as the next.
Duration AnyLength(Random& random) {
  constexpr Duration kDecades[] = {milliseconds(1), milliseconds(10), milliseconds(100), seconds(1)};
  const Duration least = kDecades[random.Below(4)];
  return random.Between(least, 10 * least);
}

core::Labels AnyLabels(Random& random) {
  const char* const zones[] = {"a", "b"};
  return {{"turn", std::to_string(random.Below(1'000))}, {"zone", zones[random.Below(2)]}};
}

StreamEnd AnyEnd(Random& random) {
  constexpr StreamEnd kEnds[] = {StreamEnd::kConnectionClosed, StreamEnd::kHalfClosed,
                                 StreamEnd::kCallDeadline};
  return kEnds[random.Below(3)];
}

Process& AnyProcess(World& world) {
  auto& all = world.processes();
  // Those of the past are only of interest now and then.
  std::vector<Process*> running;
  for (const auto& each : all) {
    if (each->running()) running.push_back(each.get());
  }
  Random& random = world.random();
  return running.empty() ? *all[random.Below(all.size())] : *running[random.Below(running.size())];
}

std::string AnyClient(World& world) {
  auto& all = world.processes();
  return all[world.random().Below(all.size())]->habits().client_id;
}

// Starved: it stands again and again, and hardly runs in between.
void Starve(World& world, int times) {
  Random& random = world.random();
  const Duration stall = random.Between(milliseconds(5), milliseconds(500));
  world.Stall(stall);
  if (times == 0) return;
  const Duration runs = random.Between(milliseconds(0), milliseconds(60));
  world.After(stall + runs, "starved", [&world, times] { Starve(world, times - 1); });
}

// The same befalls all that run on one host, or everywhere.
void StrikeMany(World& world) {
  Random& random = world.random();
  const std::string host = random.Chance(50) ? "h1" : random.Chance(50) ? "h2" : "";
  const std::uint64_t how = random.Below(3);
  const Duration length = AnyLength(random);
  for (const auto& each : world.processes()) {
    if (!each->running() || (!host.empty() && each->habits().host != host)) continue;
    if (how == 0) each->Crash();
    if (how == 1) each->Stop(length);
    if (how == 2) each->Cut(length, false);
  }
}

void DisturbWatcher(World& world) {
  auto& watchers = world.watchers();
  SimWatcher& watcher = *watchers[world.random().Below(watchers.size())];
  switch (world.random().Below(6)) {
    case 0: watcher.set_pace(SimWatcher::Pace::kFast); return;
    case 1: watcher.set_pace(SimWatcher::Pace::kSlow); return;
    case 2: watcher.set_pace(SimWatcher::Pace::kAsleep); return;
    case 3: watcher.Reconnect(false); return;
    case 4: watcher.ReconnectFromElsewhere(); return;
    default: watcher.Reconnect(true); return;
  }
}

}  // namespace

void Strike(World& world) {
  Random& random = world.random();
  Process& victim = AnyProcess(world);
  const auto note = [&](const char* what, const Process* whom) {
    world.Note([&] { return "  " + std::string(what) + (whom ? " " + whom->habits().instance_id : ""); });
  };
  switch (random.Below(21)) {
    case 0: note("crash of", &victim); return victim.Crash();
    case 1:
    case 2: note("stop of", &victim); return victim.Stop(AnyLength(random));
    case 3: note("cut of", &victim); return victim.Cut(AnyLength(random), random.Chance(30));
    case 4: note("slow", &victim); return victim.Slow(AnyLength(random), AnyLength(random) / 4);
    case 5: note("goodbye of", &victim); return victim.Goodbye(static_cast<int>(random.Below(2)));
    case 6:
    case 7: note("reconnect of", &victim); return victim.Reconnect(random.Chance(50), AnyEnd(random));
    case 8: note("start of another", &victim); return world.Start(AnyClient(world));
    case 9: return world.Evict(AnyClient(world));
    case 10: note("labels of", &victim); return victim.UpdateLabels(AnyLabels(random));
    case 11:
      note("step of the wall clock", nullptr);
      return world.server().StepWall(random.Between(-hours(48), hours(48)));
    case 12:
    case 13: return DisturbWatcher(world);
    case 14: return Starve(world, 2 + static_cast<int>(random.Below(8)));
    case 15:
    case 16: return world.Freeze(AnyLength(random));
    case 17: note("the same for many", nullptr); return StrikeMany(world);
    case 18: return world.Kill(AnyLength(random) / 4);
    default: return world.Stall(AnyLength(random));
  }
}

}  // namespace liveness::simulation
