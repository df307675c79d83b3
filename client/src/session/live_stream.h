// The stream that the session is bound to, as the client sees it: which pings are not
// answered yet, until when the answers vouch for the client, and what silence means.
//
// Example: timeout 3 s, a ping sent at 10.0 is ponged at 10.2. The server has
// received the ping at 10.0 at the earliest and cannot call the client silent before 13.0:
// alive_until is 13.0. A server that judges by how the pings arrive may say in that pong
// that it vouches for 1.9 s: alive_until is 11.9.
//
// Pure; not thread-safe: OpenStreams owns it. `now` never goes back.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

#include "client/src/session/race.h"
#include "client/src/session/terms.h"
#include "common/clock.h"

namespace liveness::internal {

struct LiveStream {
  using BootTime = common::BootTime;
  using Duration = common::Duration;

  struct SentPing {
    std::uint64_t sequence;
    BootTime sent;
  };

  enum class Silence : std::uint8_t {
    kNone,       // no more than is vouched for, or told before
    kOverslept,  // this process did not run
    kUnvouched,  // longer than the last answers vouch for
    kTimeout,    // as long as the timeout
  };

  StreamId id = 0;
  std::size_t target = 0;
  Duration period{};
  Duration timeout{};
  BootTime alive_until{};
  BootTime lapse{};    // when kLost is told: at least alive_until; later after a welcome
  BootTime give_up{};  // when the server is given up: at least the lapse, and no sooner than a timeout
  BootTime next_ping{};
  BootTime woken{};  // a ping sent before was not answered because this process did not run
  bool lapsed = false;
  bool given_up = false;  // the timeout is over; the stream is kept all the same
  bool draining = false;  // the server asked the client to go
  bool replaced = false;  // ended by a newer stream of ours, whose welcome is under way
  std::uint64_t last_sequence = 0;
  std::deque<SentPing> unanswered;

  // The server has taken the client in on `terms`; the hello that was welcomed at `now` went out at
  // `hello_sent`.
  void Welcomed(BootTime now, const Terms& terms, std::optional<BootTime> hello_sent,
                std::optional<Duration> vouched_for);
  // Returns the ping's sequence.
  std::uint64_t SendPing(BootTime now);
  // The ping that was answered; nothing if an earlier pong answered that ping. A server under backpressure
  // answers only the latest ping: this pong stands for all pings before.
  std::optional<SentPing> TakeAnswered(std::uint64_t sequence);
  // Takes what the answer to a ping sent at `sent` vouches for. True if the stream had lapsed and lives
  // again.
  bool Extend(BootTime now, BootTime sent, std::optional<Duration> vouched_for);
  // Since when an answer is awaited.
  std::optional<BootTime> AskedAt() const;

  // What the silence until now means. Remembers that the stream has lapsed, so a lapse is returned once;
  // kTimeout is returned until the caller sets `given_up`, or drops the stream. Call this at
  // NextCheck() at the latest, because a late call is how the client knows that it did not run.
  Silence CheckSilence(BootTime now);
  // When CheckSilence() may next return more than kNone.
  std::optional<BootTime> NextCheck() const;

 private:
  // For how long to believe a server which says that it vouches for `vouched_for`.
  Duration Believed(std::optional<Duration> vouched_for) const {
    return std::clamp<Duration>(vouched_for.value_or(timeout), Duration::zero(), timeout);
  }
};

}  // namespace liveness::internal
