// Doubts that this server hears in time what reaches it, on the word of a canary: our
// own client, whose pings come through the real listener and the same completion
// queues as everybody's (server/rpc/canary/canary.h).
//
// What it is for. The witness clock knows when the whole process did not run: the
// detector was late. It does not know of a detector that runs on time beside I/O
// threads that do not (starved at a lower priority, stopped in a debugger, stuck in a
// system call), or that run and are behind: swamped with messages, of which the last
// waits for all that came before it. Then clients beat, it is not read in time, and
// they would be suspected for it.
//
// How it knows. Each queue has a canary that pings every kPeriod, whether its pings before that have been
// heard or not. A queue is first-in-first-out: a ping that is heard shows that what came before it has been
// heard as well, and one that is not shows how far behind the queue is. That somebody else is heard shows
// nothing, because that message may have waited as long.
//
// The queue's lag is how long its oldest ping that is not heard yet has waited, or how long the last one had
// to that was heard, whichever is more. **Time stands while a lag grows, and passes while it is steady or
// shrinks**: a client that beats each second is heard each second on a queue that is steadily behind, and
// silence on such a queue is silence. An example of a queue that is swamped from 0.3 to 1.5:
//
//   a ping of              0.2  0.4   0.6   0.8   1.0   1.2   1.4   1.6   1.8
//   is heard at            0.2  0.9   1.3   1.5   1.6   1.6   1.6   1.6   1.8
//   and was to be by the
//   lag before it at       0.2  0.4   1.1   1.5   1.7   1.8   1.8   1.8   1.6
//   the lag then is        0.0  0.5   0.7   0.7   0.6   0.4   0.2   0.0   0.0
//   so time stands            0.4-0.9 1.1-1.3
//
// 0.5 + 0.2 s are credited: the greatest lag, once. A beat that came at 0.5 is read at 1.1 or so, 0.6 s late,
// and not blamed for it. A client that fell silent is found late by what the lag grew meanwhile.
//
// When a ping is more than kTolerance overdue the queue is in doubt, and stays in doubt
// until that ping is heard. Its thread may have stood since it last heard anybody: if that
// is longer ago than the ping was due, time stands from then on, but from no
// more than kPeriod before the ping was due:
//
//   a queue hears somebody  x  x                                       x x
//   its canary pings           |    |    |    |    |    |    |    |    |
//   its thread                       .........does not run.............
//   seconds                   0.0  0.2 0.25                           2.9
//   witness time stands        |.......................................|
//
// One queue's doubt stops everybody's time: gRPC's threads read each other's sockets, so
// one that stands may hold up those of the others.
//
// What remains uncertain: of what the lag did between two pings only their own is known,
// so what is credited may be wrong by kTolerance, and by kPeriod more where a thread that
// runs in jerks is heard meanwhile.
//
// Bounded. The canary's word is no proof: it may be its own connection that is
// broken, and then what others say is heard in vain. So there is credit for `max_doubt`
// in one episode, and then time runs on in spite of the doubt (`kSpent`): real silence is
// found, late by `max_doubt` at most, and readiness says so. The first doubt begins an
// episode. It ends once of every queue that was doubted the ping in question, or a later
// one, has been heard, and no doubt stood for as long as was credited: a server that
// is starved for most of the time gets no new credit for each gasp, and a canary that is
// never heard gets none for each new stream.
//
// A canary without a stream says nothing: no doubt, no credit. What the detector's
// lateness proved already is neither credited again nor counted here.
//
// Pure; not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <vector>

#include "common/clock.h"
#include "server/core/time/witness_clock.h"

namespace liveness::core {

// One queue, as it is now.
struct Pulse {
  static constexpr common::MonoTime kNever = common::MonoTime::min();
  common::MonoTime sent = kNever;       // the canary's last ping; kNever while it has no stream
  common::MonoTime caught_up = kNever;  // the last of its pings that was heard left then
  common::MonoTime heard = kNever;      // the last message, the canary's or a client's
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
  // Of each queue so many pings that are not heard are remembered; later ones are not looked at.
  static constexpr std::size_t kMaxUnheard = 256;

  explicit CanaryWatch(common::Duration max_doubt) : max_doubt_(max_doubt) {}

  // Looks at every queue and credits `witness` with what is in doubt. Returns
  // whether time stands now.
  // REQUIRES: called every few milliseconds, `now` does not go back, `witness` has
  // been told of the detector's lateness up to `now`; the queues are as many each time.
  bool Assess(std::span<const Pulse> pulses, common::MonoTime now, WitnessClock& witness);

  CanaryDoubt state() const { return state_; }
  bool in_doubt() const { return in_doubt_; }  // a queue is, now
  // The greatest of the queues' lags: what comes now is heard that late. Less than kTolerance counts as none,
  // and so does any lag once the credit is used up, because the canary is not believed any more.
  common::Duration lag() const { return lag_; }
  // How late, at most, a message was that was heard at `when`, a moment not long ago: the greatest lag since
  // there last was none.
  common::Duration LagAt(common::MonoTime when) const { return when <= lagged_until_ ? worst_lag_ : lag_; }
  // The credit is used up, and a queue in doubt has heard nobody at all since the ping left: its thread does
  // not run. While others are heard the queue is only behind, or the canary's own connection is broken.
  bool hears_nobody() const { return hears_nobody_; }
  std::int64_t doubts() const { return doubts_; }
  std::int64_t episodes() const { return episodes_; }
  common::Duration credited() const { return credited_; }  // in all
  common::Duration spent() const { return spent_; }        // in this episode, or the last

 private:
  struct Ping {
    common::MonoTime sent;
    common::Duration stood;  // what others than we had credited until then
  };
  struct Queue {
    std::deque<Ping> unheard;  // the oldest first
    common::MonoTime seen = Pulse::kNever;
    common::MonoTime doubted = Pulse::kNever;  // the ping in doubt, not heard since; kNever: none
    common::Duration lag{};                    // the lag that everybody has been credited for
    bool in_doubt = false;                     // the oldest unheard ping is
  };

  void Follow(Queue& queue, const Pulse& pulse, common::MonoTime now, common::Duration stood);
  void Credit(common::MonoTime from, common::MonoTime now, WitnessClock& witness);

  const common::Duration max_doubt_;
  std::vector<Queue> queues_;
  common::MonoTime last_look_ = Pulse::kNever;
  common::MonoTime last_doubt_ = Pulse::kNever;
  common::Duration stood_{};  // what others had credited at the last look
  CanaryDoubt state_ = CanaryDoubt::kNone;
  bool in_doubt_ = false;
  bool hears_nobody_ = false;
  common::Duration lag_{};
  common::Duration worst_lag_{};
  common::MonoTime lagged_until_ = Pulse::kNever;
  std::int64_t doubts_ = 0;
  std::int64_t episodes_ = 0;
  common::Duration credited_{};
  common::Duration spent_{};
};

}  // namespace liveness::core
