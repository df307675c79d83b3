// When to try again: the pace of a client's reconnects. Pure; it neither reads
// a clock nor sleeps.
//
//   attempt 1   at once, with a jitter of up to 100 ms: most lost streams are
//               one dropped connection, and the session's resume grace is short
//   attempt n   min(max, initial * factor^(n-2)), of which a random half is
//               taken off, so that a fleet does not come back in step
//
// It starts anew only when told so, after `welcome`: a server that accepts
// connections and cannot welcome anybody must not be hammered.
#pragma once

#include <functional>

#include "common/clock.h"

namespace liveness::common {

// Not thread-safe; each user has its own.
class Backoff {
 public:
  struct Options {
    Duration first_jitter = std::chrono::milliseconds(100);
    Duration initial = std::chrono::milliseconds(200);
    double factor = 2.0;
    // The longest between two attempts.
    Duration max = std::chrono::seconds(2);
  };

  // `random` returns a uniform number in [0, 1) (common::RandomUniform, or a
  // test's own).
  Backoff(const Options& options, std::function<double()> random);

  // The delay before the next attempt.
  Duration Next();

  // The delay before the first attempt after a server's `drain`: anywhere
  // within its window. Counts as the first attempt; if that fails, Next()
  // goes on from the second.
  Duration AfterDrain(Duration reconnect_within);

  // The session was welcomed: the next loss begins with attempt 1.
  void Succeeded() { attempts_ = 0; }

  // Attempts since the last success.
  int attempts() const { return attempts_; }

 private:
  const Options options_;
  const std::function<double()> random_;
  int attempts_ = 0;
  Duration ceiling_{};  // of the next delay, from the second attempt on
};

}  // namespace liveness::common
