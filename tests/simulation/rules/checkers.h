// One checker per invariant.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "server/registry/records/types.h"
#include "tests/simulation/rules/checker.h"
#include "tests/simulation/rules/durable.h"
#include "tests/simulation/rules/honest_groups.h"
#include "tests/simulation/rules/honest_watch.h"
#include "tests/simulation/rules/make_before_break.h"
#include "tests/simulation/rules/mutual_certainty.h"
#include "tests/simulation/rules/no_false_death.h"
#include "tests/simulation/rules/one_death.h"
#include "tests/simulation/rules/one_truth.h"
#include "tests/simulation/rules/silence_found.h"

namespace liveness::simulation {

// What may keep a death waiting in a world of up to 9 clients.
inline SilenceFound::Holds HoldsOf(const registry::RegistryOptions& options) {
  const bool masses = options.mass.min_members < 10;
  return {.gathering = masses, .doubt = masses && options.doubt_share < 1};
}

// With the name under which each complains. `truth` and `disk` (null: there is none) outlive them.
inline std::vector<std::pair<const char*, std::unique_ptr<Checker>>> AllCheckers(
    const Truth& truth, const registry::RegistryOptions& options, const testing::Ledger* disk) {
  std::vector<std::pair<const char*, std::unique_ptr<Checker>>> all;
  all.emplace_back("invariant 1, no false death", std::make_unique<NoFalseDeath>(truth));
  all.emplace_back("invariant 2, silence is found", std::make_unique<SilenceFound>(truth, HoldsOf(options)));
  all.emplace_back("invariant 3, one truth", std::make_unique<OneTruth>());
  all.emplace_back("invariant 4, a watch cannot lie", std::make_unique<HonestWatch>());
  all.emplace_back("invariant 5, committed first", std::make_unique<Durable>(disk));
  all.emplace_back("invariant 6, one death", std::make_unique<OneDeath>(truth));
  all.emplace_back("make before break", std::make_unique<MakeBeforeBreak>(truth));
  all.emplace_back("invariant 9, mutual certainty", std::make_unique<MutualCertainty>(truth));
  all.emplace_back("mass failure is told",
                   std::make_unique<HonestGroups>(options.mass, &truth, disk == nullptr));
  return all;
}

}  // namespace liveness::simulation
