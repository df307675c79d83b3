// Doubts that this server can receive, on the word of a canary: our own client,
// whose pings come through the real listener and the same completion queues as
// everybody's (server/rpc/canary.h).
//
// What it is for. The witness clock knows when the whole process did not run: the
// detector was late. It does not know of a detector that runs on time beside I/O
// threads that do not: starved at a lower priority, stopped in a debugger, stuck
// in a system call, held by a lock. Then clients beat, nobody reads it, and they
// would be suspected for it.
//
// How it knows. Each queue has a canary that pings every kPeriod, and each queue
// notes when its thread last heard anybody at all. If nobody was heard since the
// canary's ping left, and that is more than kTolerance ago, the queue is in doubt.
// Everybody's time stands from the last moment at which the queue was heard, and
// goes on standing until it is heard again:
//
//   a queue heard           x  x                                       x x
//   its canary pings           |    |                                  |
//   its thread                       .........does not run.............
//   seconds                   0.0  0.2 0.25                           2.9
//   witness time stands        |.......................................|
//
// At 0.25 the ping of 0.2 is 50 ms late. The queue was last heard at 0.0, so time
// is credited from there on: 2.9 s in all, of which 0.2 s at most were well. One
// queue's doubt stops everybody's time: gRPC's threads read each other's sockets,
// so one that stands may hold up those of the others.
//
// One client that is heard after the ping left shows as well as the canary itself
// that the queue is served: no doubt.
//
// Bounded. The canary's word is no proof: it may be its own connection that is
// broken. So there is credit for `max_doubt` in one episode, and then time runs on
// in spite of the doubt (`kSpent`): real silence is found, late by `max_doubt` at
// most, and readiness says so. The first doubt begins an episode. It ends once
// every queue that was doubted has been heard since, and no doubt stood for as
// long as was credited: a server that is starved for most of the time gets no new
// credit for each gasp.
//
// A canary without a stream says nothing: no doubt, no credit. What the detector's
// lateness proved already is neither credited again nor counted here.
//
// Pure; not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "common/clock.h"
#include "server/core/witness_clock.h"

namespace liveness::core {

// One queue, as it is now.
struct Pulse {
  static constexpr common::MonoTime kNever = common::MonoTime::min();
  common::MonoTime sent = kNever;   // the canary's last ping; kNever while it has no stream
  common::MonoTime heard = kNever;  // the last message, the canary's or a client's
};

enum class CanaryDoubt : std::uint8_t {
  kNone,      // no episode
  kCredited,  // one is open, and time stands while a queue is in doubt
  kSpent,     // one is open, its credit is used up: time runs
};

class CanaryWatch {
 public:
  // How often the canary pings: also what may be credited too much of each doubt.
  static constexpr common::Duration kPeriod = std::chrono::milliseconds(200);
  // Ordinary scheduling on a busy machine.
  static constexpr common::Duration kTolerance = std::chrono::milliseconds(50);

  explicit CanaryWatch(common::Duration max_doubt) : max_doubt_(max_doubt) {}

  // Looks at every queue and credits `witness` with what is in doubt. Returns
  // whether time stands now.
  // REQUIRES: called every few milliseconds, `now` does not go back, `witness` has
  // been told of the detector's lateness up to `now`; the queues are as many each time.
  bool Assess(std::span<const Pulse> pulses, common::MonoTime now, WitnessClock& witness);

  CanaryDoubt state() const { return state_; }
  bool in_doubt() const { return in_doubt_; }  // a queue is, now
  std::int64_t doubts() const { return doubts_; }
  std::int64_t episodes() const { return episodes_; }
  common::Duration credited() const { return credited_; }  // in all
  common::Duration spent() const { return spent_; }        // in this episode, or the last

 private:
  // The ping of each queue that is doubted and was not answered since; kNever: none.
  using Doubted = std::vector<common::MonoTime>;

  void Credit(common::MonoTime from, common::MonoTime now, WitnessClock& witness);

  const common::Duration max_doubt_;
  Doubted doubted_;
  common::MonoTime last_look_ = Pulse::kNever;
  common::MonoTime last_doubt_ = Pulse::kNever;
  CanaryDoubt state_ = CanaryDoubt::kNone;
  bool in_doubt_ = false;
  std::int64_t doubts_ = 0;
  std::int64_t episodes_ = 0;
  common::Duration credited_{};
  common::Duration spent_{};
};

}  // namespace liveness::core
