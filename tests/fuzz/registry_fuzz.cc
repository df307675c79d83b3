// A whole registry in virtual time: the input chooses how the server is set up, what clients, watchers,
// operators and faults do and when; the simulation's rules say what must hold (tests/simulation).
#include <string>
#include <string_view>
#include <vector>

#include "tests/fuzz/fuzz.h"
#include "tests/simulation/random.h"
#include "tests/simulation/world/world.h"

namespace liveness::fuzz {
namespace {

constexpr int kSteps = 200;

}  // namespace

std::vector<std::string> Seeds() {
  std::vector<std::string> seeds = {""};
  simulation::Random random(1);
  for (int i = 0; i < 20; ++i) {
    std::string tape(1'024, '\0');
    for (char& byte : tape) byte = static_cast<char>(random.Next());
    seeds.push_back(tape);
  }
  return seeds;
}

void Try(std::string_view input) {
  const auto report = simulation::World({.seed = 1, .steps = kSteps, .tape = input}).Run();
  if (report) Require(false, report->ToString());
}

}  // namespace liveness::fuzz
