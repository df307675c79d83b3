// What a client's pings tell of the path that they came by: how often one is
// lost, how much its delay varies, how long it takes. Solve a quality contract
// (quality.h) with it.
//
// Clocks are not synchronised, so no delay is seen by itself. What is seen is
// enough:
//  - loss: the holes in the sequence numbers;
//  - delay variation: two pings sent one interval apart arrive one interval plus
//    D' - D apart, the difference of their delays. Its variance is also the very
//    thing that a timeout must bear which runs from the arrival of the last ping;
//  - delay: no more than the round trip of the server's probes.
// What is far beyond the ordinary (a deviation above the timeout: an outage, a
// stopped client) is told as a suspicion and left out here.
//
// Bounded: it holds sums, and halves them at 2,000 pings, so that it follows a path that changes. What is
// assumed of an unknown path weighs as much as 100 pings; so no path is taken for free of loss because no
// ping was lost yet.
//
// Not thread-safe: the stream's thread writes; if other threads read, a lock is needed.
#pragma once

#include <cstdint>
#include <optional>

#include "common/clock.h"

namespace liveness::core {

// Of a path, per ping. quality.h says how the figures enter a contract.
struct PathEstimate {
  double loss = 0.01;                                                // probability, 0 to 1
  common::Duration delay_deviation = std::chrono::milliseconds(20);  // of the difference of two delays
  common::Duration delay = std::chrono::milliseconds(10);            // mean; rather too long than too short
  bool operator==(const PathEstimate&) const = default;
};

class PathQuality {
 public:
  // The defaults of PathEstimate are what is assumed of an unknown path.
  PathQuality() = default;

  // A ping came. `interval` and `timeout` are those in force.
  // REQUIRES: `sequence` grows, `now` does not go back, 0 < interval.
  void Arrived(common::MonoTime now, std::uint64_t sequence, common::Duration interval,
               common::Duration timeout);

  // Sequence numbers begin anew (another stream), or this server was not
  // listening: the ping before and the ping after tell nothing together.
  void Gap() { last_.reset(); }

  // The client answered a probe. REQUIRES: rtt >= 0.
  void RoundTrip(common::Duration rtt);

  PathEstimate Estimate() const;

 private:
  struct Last {
    common::MonoTime time;
    std::uint64_t sequence;
  };
  void Halve();

  std::optional<Last> last_;
  // Pings that should have come, and those of them that did not.
  double expected_ = 0;
  double lost_ = 0;
  // Of the deviations from the interval, in seconds.
  double deviations_ = 0;
  double sum_ = 0;
  double sum_of_squares_ = 0;
  double round_trips_ = 0;
  double round_trip_sum_ = 0;
};

}  // namespace liveness::core
