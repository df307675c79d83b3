// A complaint and where it was.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/simulation/rules/checker.h"

namespace liveness::simulation {

struct Report {
  std::uint64_t seed = 0;
  int step = 0;
  std::string invariant;
  Complaint complaint;
  std::vector<std::string> also{};  // the other invariants that were broken in this step

  std::string ToString() const {
    const std::string number = std::to_string(seed);
    return "seed " + number + ", step " + std::to_string(step) + ": " + invariant + ": " + complaint.what +
           ", expected " + complaint.expected + ", got " + complaint.got +
           "; replay: LIVENESS_SEED=" + number + " build/dev/tests/simulation_test";
  }
};

}  // namespace liveness::simulation
