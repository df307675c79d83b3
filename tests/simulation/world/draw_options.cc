#include "tests/simulation/world/draw_options.h"

#include <chrono>

namespace liveness::simulation {

using std::chrono::milliseconds;
using std::chrono::seconds;

SimServer::Options DrawOptions(Random& random) {
  constexpr Duration kGraces[] = {Duration::zero(), milliseconds(50), milliseconds(300), seconds(1)};
  constexpr Duration kCommits[] = {milliseconds(1), milliseconds(5), milliseconds(20), milliseconds(300)};
  SimServer::Options all;
  registry::RegistryOptions& options = all.registry;
  options.server_id = "server";
  options.resume_grace = kGraces[random.Below(4)];
  options.keep_dead = random.Between(seconds(1), seconds(30));
  options.keep_left = random.Between(seconds(1), seconds(10));
  options.max_ended = 1 + random.Below(4);
  options.max_history = random.Chance(50) ? 20 : 200'000;
  // The bound of a doubt is the unit tests' matter.
  options.max_doubt = std::chrono::hours(1);
  options.max_mailbox = random.Chance(50) ? 4 : 100'000;
  options.flap = {
      .half_life = random.Between(milliseconds(200), seconds(5)), .suppress = 1'500, .reuse = 900};
  if (random.Chance(50)) {
    // A few are a mass here; in the other half of the worlds nobody ever is.
    options.mass.min_members = 2 + static_cast<int>(random.Below(2));
    options.mass.share = 0.3 + 0.1 * static_cast<double>(random.Below(6));
    options.mass.window = random.Between(milliseconds(100), seconds(5));
    options.mass.labels = {"zone"};
    options.doubt_share = random.Chance(50) ? 1 : 0.5 + 0.1 * static_cast<double>(random.Below(5));
  }
  options.restart_grace = 2 * kGraces[random.Below(4)];
  all.durable = random.Chance(75);
  all.commits_in = all.durable ? kCommits[random.Below(4)] : Duration::zero();
  all.kept = random.Chance(50) ? 30 : 100'000;
  return all;
}

}  // namespace liveness::simulation
