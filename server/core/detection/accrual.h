// How improbable a silence is, given how this client's pings have arrived so far.
//
// A fixed timeout asks one question of every path. An accrual detector learns
// the path and gives a level instead of a yes or no (Hayashibara, Defago, Yared,
// Katayama: "The phi accrual failure detector", SRDS 2004):
//
//   phi(silence) = -log10 P(the next ping comes later than that)
//
// so phi 8 says: a live client is this silent once in 10^8 pings.
//
// An example. Agreed on are an interval of 1 s and a timeout of 10 s, threshold 8.
//
//   path                          mean    deviation      overdue after
//   clean, jitter of 20 ms        1.00 s  0.05 (floor)   1.9 s, not 10
//   one ping in ten is lost       1.11 s  0.35           7.2 s
//   worse than that               ...     > 0.5          10 s: never later than the timeout
//
// On the clean path phi is 0.4 after 1 s of silence, 4.8 after 1.5 s and 8 after
// 1.87 s.
//
// The tail. The paper takes the arrivals for normally distributed. A normal tail
// falls as exp(-t^2), and real silences do not: each lost ping costs one more
// interval, which is a geometric tail, the discrete exponential one. In the
// second row of the example a normal tail calls the client overdue after 3.1 s,
// promises 10^-8 and is wrong once in a thousand pings (three losses in a row);
// the exponential tail says 7.2 s and is wrong once in 10^7. So P is that of an
// exponential distribution shifted to have the measured mean m and deviation s:
//
//   P(later than t) = exp(-(t - m + s) / s)        for t >= m - s, else 1
//   phi(t)          = (t - m + s) / (s ln 10)
//   overdue after     m + s (threshold ln 10 - 1)
//
// Either tail gives "m plus some multiple of s": the curve of mistakes against
// detection time is the same, but with this one the threshold means what it says.
//
// What is learnt from: the last 200 intervals between pings, except
//  - bursts, less than a tenth of the agreed interval: pings that queued behind
//    a late one and say nothing of their own;
//  - what lies across a Gap(): a reconnect, or a stall of this server;
//  - what is longer than the timeout: an outage, told as such, not jitter. One
//    long stop would otherwise blind the detector for 200 pings.
// An interval of more than four times the agreed one counts as four. Delays with
// a heavy tail have no variance that could be measured: whether one rare value
// is in the window would decide all, against the client or against the user.
// Until 10 intervals are known the timeout alone decides. The deviation is never
// taken below a twentieth of the interval or 10 ms, which hosts jitter by
// themselves, nor the mean below the interval, to which a client that pings more
// often may return at any moment.
//
// Sums. Welford's recurrence is the sound way to a variance while samples are
// only added; when the oldest is taken out again its rounding errors stay behind
// and add up. Intervals are therefore whole ticks of at most 31 bits and the two
// sums exact integers: what was put in can be taken out without a trace.
//
// Not thread-safe. Two threads share a detector: the stream's calls Arrived and
// Gap, the registry's detector thread asks Phi and DueAfter; give each detector a
// mutex of its own, which only clients that chose ACCRUAL pay for. DueAfter may
// shrink as the path is learnt: a timer that was armed with a longer one must be
// armed anew. A stall of this server need not visit every detector: let the
// stream's thread compare a count of stalls with the one it saw at its last ping.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "common/clock.h"
#include "common/limits.h"

namespace liveness::core {

class AccrualDetector {
 public:
  static constexpr double kDefaultThreshold = 8;
  // What a client may ask for.
  static constexpr double kMinThreshold = common::kMinSuspicionThreshold;
  static constexpr double kMaxThreshold = common::kMaxSuspicionThreshold;

  static constexpr std::size_t kWindow = 200;
  static constexpr std::size_t kMinSamples = 10;

  struct Options {
    common::Duration interval{};  // agreed between two pings
    common::Duration timeout{};   // overdue then, whatever was learnt
    double threshold = kDefaultThreshold;
  };

  // REQUIRES: 0 < interval < timeout, kMinThreshold <= threshold <= kMaxThreshold.
  explicit AccrualDetector(const Options& options);

  // A ping came. REQUIRES: `now` does not go back.
  void Arrived(common::MonoTime now);

  // The interval that is running tells nothing of the path: the client was
  // reconnecting, or this server was not listening.
  void Gap() { last_.reset(); }

  // The level of suspicion after `silence` since the last ping, which the caller
  // measures on the witness clock. Never falls as the silence grows; reaches the
  // threshold at DueAfter(). At least 0.
  double Phi(common::Duration silence) const;

  // The silence after which the client is overdue; at most the timeout.
  common::Duration DueAfter() const;

  // What was learnt, for people. As assumed while there are too few samples.
  std::size_t samples() const { return count_; }
  common::Duration mean() const;
  common::Duration deviation() const;

 private:
  // In nanoseconds.
  struct Model {
    double mean;
    double deviation;
  };
  Model Learnt() const;
  void Add(std::uint32_t ticks);

  const Options options_;
  const common::Duration tick_;  // so that the timeout fits into 31 bits
  std::optional<common::MonoTime> last_;

  std::array<std::uint32_t, kWindow> ring_{};
  std::size_t next_ = 0;   // where the next interval goes: the oldest once the ring is full
  std::size_t count_ = 0;  // intervals in the ring
  std::uint64_t sum_ = 0;
  unsigned __int128 sum_of_squares_ = 0;
};

}  // namespace liveness::core
