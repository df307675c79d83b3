// Flap damping: a client that changes state again and again is marked, and nothing is hidden.
//
// After BGP's (RFC 2439), where a route that comes and goes is left out for a while. Here
// nobody is left out: every transition is told, and `flapping` in the record tells a
// pager that this is one more of the same. Each fall (standing.h) adds a penalty, which
// halves every `half_life`; above `suppress` the client is flapping, until it has come
// down to `reuse`.
//
// An example, half-life 5 min, suppress 3000, reuse 750, falls a minute apart:
//
//   fall       1      2      3      4        5
//   penalty  1000   1871   2628   3288     3862   then 750 after 11.8 min without a fall
//                                 flapping         not flapping
//
// The penalty is capped at 4 x suppress: four half-lives after the last fall of any storm
// (at the defaults) the mark is gone. It survives reconnects and new sessions, and costs
// 24 bytes for clients that have fallen, and no others.
//
// Plain values, not thread-safe. Time must not go back.
#pragma once

#include <chrono>

#include "common/clock.h"

namespace liveness::core {

using common::Duration;
using common::MonoTime;

struct FlapOptions {
  Duration half_life = std::chrono::minutes(5);
  double suppress = 3'000;  // flapping above it
  double reuse = 750;       // no longer at or below it; greater than 0, at most `suppress`
};

inline constexpr double kFallPenalty = 1'000;

class FlapState {
 public:
  void Fell(MonoTime now, const FlapOptions& options);

  double Penalty(MonoTime now, const FlapOptions& options) const;
  bool IsFlapping(MonoTime now, const FlapOptions& options) const {
    return flapping_ && now < ReuseAt(options);
  }
  // When the mark goes if the client does not fall again; MonoTime::max() if there is no mark.
  MonoTime ReuseAt(const FlapOptions& options) const;
  // True if the client never fell.
  bool empty() const { return penalty_ == 0; }

 private:
  double penalty_ = 0;  // as it was at at_
  MonoTime at_{};
  bool flapping_ = false;
};

}  // namespace liveness::core
