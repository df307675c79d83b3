// Self-doubt: when nearly everyone falls at once, the likeliest failure is our own.
//
// A server whose network card died sees what it would see if its whole fleet had: silence
// from everybody. It may say so (SUSPECT is never delayed), but a death is final, and one
// that is told of everybody is an outage made by the one who watches. So while more than
// `share` of all members have fallen, a death that is due waits for two witnesses:
//
//   the canary    our own client, through the same listener, has answered a ping that was
//                 sent after the suspicion: we do hear what reaches us;
//   a probe       was sent to this very client after the doubt began, and had
//                 max(4 round trips, 200 ms) to be answered.
//
// An example, grace 1 s, timeout 3 s, 20 clients; their switch dies, the canary lives:
//
//   s      3.0          3.9    4.0        4.1            4.2    4.3
//          first        19th   first      canary's       probe  first DEAD
//          SUSPECT      falls: death due: next answer    had
//                       doubt  held, and  is here        200 ms
//                              probed
//
// If it is us, the canary stays silent, and nobody dies before max(timeout, 5 s) after its
// suspicion: time to come back and read what waits in our sockets. Beyond that the death
// is told all the same: silence is always found.
//
// A connection that its own end closed is a witness in itself, as long as we hear at all:
// such a death is not held if the canary answered within the last second, or since.
// Without a canary (none has ever answered) the probe alone is waited for, and a closed
// connection for nothing.
//
// The doubt ends when the share of those who have fallen is at most half of `share`: they came back, or their
// falls lie further back than the window (mass_failure.h). A client that was suspected during the doubt stays
// under it until its own suspicion ends.
//
// Nobody buys a doubt: clients of one principal, or of one address where nobody proves who it is, are one
// voice (voices.h), and more than `share` of the voices must have fallen too. That is asked only where
// `min_members` clients or more are not of the largest voice: a fleet of one principal, with a few others
// beside it, is heard as a fleet.
//
// Not thread-safe. Time must not go back.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "common/clock.h"
#include "server/core/fleet/mass_failure.h"

namespace liveness::core {

using common::Duration;
using common::MonoTime;

class SelfDoubt {
 public:
  struct Options {
    double share = 0.9;  // of all members; 1: never doubt
    std::int64_t min_members = 10;
    Duration window = std::chrono::seconds(10);  // for which a fall counts
  };

  static constexpr Duration kLeastBound = std::chrono::seconds(5);
  static constexpr Duration kLeastAnswerTime = std::chrono::milliseconds(200);
  static constexpr Duration kCanaryLives = std::chrono::seconds(1);
  static constexpr Duration kLeastPause = std::chrono::milliseconds(100);

  explicit SelfDoubt(Options options) : options_(options) {}

  enum class Change : std::uint8_t { kNone, kBegins, kEnds };
  // Who of all has fallen within the window that ends at `now`. Returns what becomes of the doubt by that.
  Change Count(const MassFailure::Tally& everyone, MonoTime now);

  // The canary's ping of `sent_at` was answered.
  void CanaryAnswered(MonoTime sent_at, MonoTime answered_at);

  // A client whose death is due.
  struct Suspect {
    MonoTime since{};     // SUSPECT since then
    MonoTime bound{};     // max(timeout, kLeastBound) of witness time after it
    bool closed = false;  // its own end closed the connection
    bool open = false;    // a stream is there: it can be asked
    bool held = false;    // its death was held before, in this suspicion
    MonoTime probed_at = MonoTime::min();
    Duration rtt{};  // zero: not known
  };
  struct Hold {
    MonoTime until{};    // when to ask again
    bool probe = false;  // ask the client now
  };
  // Nothing: the death may be told.
  std::optional<Hold> HoldBack(const Suspect& suspect, MonoTime now) const;

  bool doubting() const { return doubting_; }
  std::int64_t episode_count() const { return episode_count_; }

 private:
  bool Concerns(const Suspect& suspect) const;
  // True if the canary has said what this death waits for.
  bool CanarySpoke(const Suspect& suspect, MonoTime now) const;

  const Options options_;
  bool doubting_ = false;
  MonoTime began_at_ = MonoTime::max();
  MonoTime ended_at_ = MonoTime::max();
  std::int64_t episode_count_ = 0;
  struct Canary {
    MonoTime sent_at{};  // of the youngest ping that was answered
    MonoTime answered_at{};
  };
  std::optional<Canary> canary_;
};

}  // namespace liveness::core
