// Whole worlds with one thing broken in them. Header only.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "tests/simulation/world/world.h"

namespace liveness::simulation {

// The first complaint of the first worlds; nothing if there was none.
inline std::optional<Report> FirstReport(Saboteur& saboteur, std::uint64_t worlds = 200) {
  for (std::uint64_t seed = 0; seed < worlds; ++seed) {
    auto report = World({.seed = seed, .steps = 200, .saboteur = &saboteur}).Run();
    if (report) return report;
  }
  return std::nullopt;
}

// In one of the first worlds that checker complains, whoever else does.
inline void ExpectSeenBy(const std::string& invariant, Saboteur& saboteur, std::uint64_t worlds = 200) {
  std::string seen = "nobody complained";
  for (std::uint64_t seed = 0; seed < worlds; ++seed) {
    const auto report = World({.seed = seed, .steps = 200, .saboteur = &saboteur}).Run();
    if (!report) continue;
    seen = report->ToString();
    std::vector<std::string> broken = report->also;
    broken.push_back(report->invariant);
    for (const std::string& each : broken) {
      if (each.starts_with(invariant)) return;
    }
  }
  FAIL() << invariant << " was to be seen broken; the last complaint was: " << seen;
}

}  // namespace liveness::simulation
