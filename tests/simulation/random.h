// Chance that repeats: the same seed draws the same things on every machine.
#pragma once

#include <cstdint>

#include "common/clock.h"

namespace liveness::simulation {

using common::Duration;
using common::MonoTime;

// SplitMix64 (Steele, Lea, Flood 2014). Not thread-safe. The distributions of
// <random> are left alone: each library draws them its own way.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t Next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  // REQUIRES: n > 0.
  std::uint64_t Below(std::uint64_t n) { return Next() % n; }
  bool Chance(std::uint64_t percent) { return Below(100) < percent; }
  // Both ends included. REQUIRES: least <= most.
  Duration Between(Duration least, Duration most) {
    return least + Duration(static_cast<Duration::rep>(
                       Below(static_cast<std::uint64_t>((most - least).count()) + 1)));
  }

 private:
  std::uint64_t state_;
};

}  // namespace liveness::simulation
