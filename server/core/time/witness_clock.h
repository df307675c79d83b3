// The witness clock: time during which this server was demonstrably able to
// receive. Silence is evidence against a client only while we could have heard
// it, so every deadline is measured on this clock.
//
// How it knows. The detector's thread sleeps a few milliseconds at a time and
// tells for each sleep when it meant to wake and when it did. One that wakes much
// too late was not run: the process was stopped or starved. The time between the
// two is a stall, and does not pass on the witness clock. Two more witnesses
// Credit() what that thread cannot see: canary_watch.h (others of our threads do
// not run) and suspend_watch.h (the whole machine did not).
//
// An example: timeout 6 s, last ping heard at second 100, so the client is
// overdue at 106. At 102 somebody stops the server, and continues it at 112.
// The detector meant to wake at 102.005 and woke at 112.000:
//
//   real time     100   102                         112      116
//                  |-----|...........stall............|--------|
//   witness time   0     2                            2        6
//
// At 112 a plain clock says 12 s of silence: dead, although the client has
// pinged five times into our socket's buffer. Elapsed(100, 112) says 2.005 s,
// DueAt(100, 6 s) says 115.995, and by then those pings have been read. If the
// client did die meanwhile it is found 4 s after we are back: late by our own
// stall, and not a moment more.
//
// What it cannot see: a stall that begins and ends within one sleep of the
// detector, and the part of any stall before the detector was meant to wake. So
// its period bounds what is missed per stall.
//
// Bounded: at most kMaxStalls are remembered, and none beyond `horizon`. When
// there are more, the two that lie closest together become one with the sum of
// their lengths. Spans that cover both still see exactly that sum; one that
// begins or ends among them may be credited up to that sum: the error is
// towards patience, and never more than we really stood still.
//
// Not thread-safe.
#pragma once

#include <cstddef>
#include <vector>

#include "common/clock.h"

namespace liveness::core {

class WitnessClock {
 public:
  // Lateness up to this is ordinary scheduling and is not credited.
  static constexpr common::Duration kTolerance = std::chrono::milliseconds(20);
  static constexpr std::size_t kMaxStalls = 128;

  // Stalls that ended more than `horizon` ago may be forgotten: at least the
  // longest timeout + grace in use.
  explicit WitnessClock(common::Duration horizon = std::chrono::hours(25));

  // A wake that was meant for `expected` happened at `actual`. Returns the time
  // that it adds to credited(): zero if the wake was in time.
  // REQUIRES: as Credit().
  common::Duration Observe(common::MonoTime expected, common::MonoTime actual);

  // Somebody else found that we could not receive in that span, of any length.
  // Returns the time that it adds to credited(): of what two witnesses tell, each
  // moment counts once.
  // REQUIRES: `to` does not go back from call to call, here and in Observe().
  // `from` may.
  common::Duration Credit(common::MonoTime from, common::MonoTime to);

  // Witness time between two moments; zero if `to` is not after `from`.
  common::Duration Elapsed(common::MonoTime from, common::MonoTime to) const;

  // The moment at which `span` of witness time will have passed since `from`,
  // if there is no further stall. Saturates at MonoTime::max().
  common::MonoTime DueAt(common::MonoTime from, common::Duration span) const;

  // All that was ever credited.
  common::Duration credited() const { return credited_; }

 private:
  struct Stall {
    common::MonoTime from;
    common::MonoTime to;
    common::Duration length;  // less than to - from if several became one
  };
  static common::Duration Overlap(const Stall& stall, common::MonoTime from, common::MonoTime to);
  void MakeRoom(common::MonoTime now);

  const common::Duration horizon_;
  std::vector<Stall> stalls_;  // in order, disjoint
  common::Duration credited_{};
};

}  // namespace liveness::core
