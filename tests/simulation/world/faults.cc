#include "tests/simulation/world/faults.h"

#include <chrono>
#include <string>

#include "tests/simulation/world/observer.h"
#include "tests/simulation/world/population.h"
#include "tests/simulation/world/script.h"
#include "tests/simulation/world/server_life.h"
#include "tests/simulation/world/sim_rpc.h"
#include "tests/simulation/world/sim_server.h"

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

// Starved: it stands again and again, and hardly runs in between.
void Starve(const Parts& parts, int times) {
  Random& random = parts.script.random();
  const Duration stall = random.Between(milliseconds(5), milliseconds(500));
  parts.life.Stall(stall);
  if (times == 0) return;
  const Duration runs = random.Between(milliseconds(0), milliseconds(60));
  parts.script.After(stall + runs, "starved", [&parts, times] { Starve(parts, times - 1); });
}

// The same befalls all that run on one host, or everywhere.
void StrikeMany(const Parts& parts) {
  Random& random = parts.script.random();
  const std::string host = random.Chance(50) ? "h1" : random.Chance(50) ? "h2" : "";
  const std::uint64_t how = random.Below(3);
  const Duration length = AnyLength(random);
  for (const auto& each : parts.population.all()) {
    if (!each->running() || (!host.empty() && each->habits().host != host)) continue;
    if (how == 0) each->Crash();
    if (how == 1) each->Stop(length);
    if (how == 2) each->Cut(length, false);
  }
}

void DisturbWatcher(const Parts& parts) {
  SimWatcher& watcher = parts.observer.AnyWatcher();
  switch (parts.script.random().Below(6)) {
    case 0: watcher.set_pace(SimWatcher::Pace::kFast); return;
    case 1: watcher.set_pace(SimWatcher::Pace::kSlow); return;
    case 2: watcher.set_pace(SimWatcher::Pace::kAsleep); return;
    case 3: watcher.Reconnect(false); return;
    case 4: watcher.ReconnectFromElsewhere(); return;
    default: watcher.Reconnect(true); return;
  }
}

}  // namespace

void Strike(const Parts& parts) {
  Random& random = parts.script.random();
  Process& victim = parts.population.Any();
  const auto note = [&](const char* what, const Process* whom) {
    parts.script.Note(
        [&] { return "  " + std::string(what) + (whom ? " " + whom->habits().instance_id : ""); });
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
    case 8: note("start of another", &victim); return parts.population.Start(parts.population.AnyClient());
    case 9: return parts.rpc.Evict(parts.population.AnyClient());
    case 10: note("labels of", &victim); return victim.UpdateLabels(AnyLabels(random));
    case 11:
      note("step of the wall clock", nullptr);
      return parts.server.StepWall(random.Between(-hours(48), hours(48)));
    case 12:
    case 13: return DisturbWatcher(parts);
    case 14: return Starve(parts, 2 + static_cast<int>(random.Below(8)));
    case 15:
    case 16: return parts.life.Freeze(AnyLength(random));
    case 17: note("the same for many", nullptr); return StrikeMany(parts);
    case 18: return parts.life.Kill(AnyLength(random) / 4);
    default: return parts.life.Stall(AnyLength(random));
  }
}

}  // namespace liveness::simulation
