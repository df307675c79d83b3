// Chance that repeats: the same seed draws the same things on every machine.
#pragma once

#include <cstdint>
#include <string_view>

#include "common/clock.h"

namespace liveness::simulation {

using common::Duration;
using common::MonoTime;

// SplitMix64 (Steele, Lea, Flood 2014). Not thread-safe. The distributions of
// <random> are left alone: each library draws them its own way.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  // While there are bytes on `tape`, each draw is chosen by two of them alone. `tape` outlives this.
  Random(std::uint64_t seed, std::string_view tape) : state_(seed), tape_(tape) {}

  std::uint64_t Next() {
    if (tape_.size() >= 2) {
      state_ = static_cast<unsigned char>(tape_[0]) |
               static_cast<std::uint64_t>(static_cast<unsigned char>(tape_[1])) << 8;
      tape_.remove_prefix(2);
    }
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
  std::string_view tape_;
};

}  // namespace liveness::simulation
