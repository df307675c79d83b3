// The stream that the session is bound to, as the client sees it: which pings are not
// answered yet, and until when the answers vouch for it. Pure; not thread-safe.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

#include "client/src/race.h"
#include "common/clock.h"

namespace liveness::internal {

struct LiveStream {
  using BootTime = common::BootTime;
  using Duration = common::Duration;

  struct SentPing {
    std::uint64_t sequence;
    BootTime sent;
  };

  StreamId id = 0;
  std::size_t target = 0;
  Duration period{};
  Duration timeout{};
  BootTime alive_until{};
  BootTime lapse{};    // when kLost is told: at least alive_until; later after a welcome
  BootTime give_up{};  // when the server is: at least the lapse, and no sooner than a timeout
  BootTime next_ping{};
  BootTime woken{};  // a ping sent before was not answered because we did not run
  bool lapsed = false;
  bool given_up = false;  // the timeout is over; the stream is kept all the same
  bool draining = false;  // the server asked us to go
  bool replaced = false;  // ended by the attempt that is under way
  std::uint64_t last_sequence = 0;
  std::deque<SentPing> unanswered;

  // `hello_sent`: when the hello that was welcomed at `now` went out. REQUIRES: period and timeout are set
  void Welcomed(BootTime now, std::optional<BootTime> hello_sent, std::optional<Duration> vouched_for);
  // Returns the ping's sequence.
  std::uint64_t SendPing(BootTime now);
  // The ping that was answered; nothing if it was before. A server under backpressure answers only the
  // latest: its pong stands for all before it.
  std::optional<SentPing> TakeAnswered(std::uint64_t sequence);
  // Takes what the answer to a ping of that time vouches for. True if the stream had lapsed and lives again.
  bool Extend(BootTime now, BootTime sent, std::optional<Duration> vouched_for);
  // Since when an answer is awaited.
  std::optional<BootTime> AskedAt() const;

 private:
  // The span for which a server is believed that says so.
  Duration Believed(std::optional<Duration> vouched_for) const {
    return std::clamp<Duration>(vouched_for.value_or(timeout), Duration::zero(), timeout);
  }
};

}  // namespace liveness::internal
