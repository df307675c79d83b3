// The streams that a client has open, which of them has the session, and which others may get it.
//
//   live      the session's stream: pings go out on it
//   attempt   a stream to a server that has not welcomed the client yet
//   races     connections to the live stream's server, beside it (races.h)
//
// A stream that has sent its hello may have the session already, whatever the live one still answers. The
// first stream that is welcomed becomes the live one, and all others are dropped.
//
// Streams are numbered from 1; an event of a stream that is none of these is dropped. What is to be done on a
// stream is gathered as actions, in order.
//
// Pure; not thread-safe: the session owns it. `now` never goes back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "client/src/session/action.h"
#include "client/src/session/hello_numbers.h"
#include "client/src/session/live_stream.h"
#include "client/src/session/race.h"
#include "client/src/session/races.h"
#include "client/src/session/stream_end.h"
#include "client/src/session/terms.h"
#include "common/clock.h"

namespace liveness::internal {

struct Attempt {
  StreamId id = 0;
  std::size_t target = 0;
  common::BootTime started{};
  common::BootTime deadline{};                   // to be welcomed
  bool with_token = false;                       // the hello shows a resume token
  std::optional<common::BootTime> hello_sent{};  // from then on this stream may have the session
  std::uint32_t hello = 0;                       // the hello's number; 0 before it was sent, or without one
};

class OpenStreams {
 public:
  using BootTime = common::BootTime;
  using Duration = common::Duration;

  explicit OpenStreams(Races::LookFunction look) : races_(std::move(look)) {}

  // Null: the session has no stream.
  LiveStream* live() { return live_ ? &*live_ : nullptr; }
  const LiveStream* live() const { return live_ ? &*live_ : nullptr; }
  // The live stream, if it may be written to.
  std::optional<StreamId> writable() const {
    return live_ && !live_->replaced ? std::optional(live_->id) : std::nullopt;
  }
  const Attempt* attempt() const { return attempt_ ? &*attempt_ : nullptr; }
  Races& races() { return races_; }
  const Races& races() const { return races_; }
  HelloNumbers& hellos() { return hellos_; }

  // Until when no server can have declared the client dead for silence; the epoch without a live stream.
  BootTime alive_until() const;
  // True if a stream other than the live one has said hello, so that it may have the session.
  bool OthersMayHaveSession() const;

  // Opens an attempt, to be welcomed within `patience`. REQUIRES: there is none
  void Dial(BootTime now, std::size_t target, int haste, Duration patience, bool with_token);
  // Opens another connection of the race, if it is time for one: a race begins where `raced_for`, the live
  // stream or null, lets an answer wait. False: none was opened.
  bool DialBeside(BootTime now, LiveStream* raced_for);
  // REQUIRES: writable()
  void SendPing(BootTime now);
  void SendGoodbye();

  // See Session.
  std::optional<std::uint32_t> OnHelloSent(StreamId stream, BootTime now);
  // A server has taken the client in: `stream` is live from now on. Returns its target; nothing: the stream
  // was dropped before.
  std::optional<std::size_t> OnWelcome(StreamId stream, BootTime now, const Terms& terms,
                                       std::optional<Duration> vouched_for);
  // False if a connection of the race was overtaken by another stream of ours, or was lost on its way: the
  // server has refused nothing.
  bool IsRefusal(const Race::Runner& runner, BootTime now, const StreamEnd& end) const;

  // Each forgets a stream that has ended, and returns it. REQUIRES: the stream is there
  LiveStream TakeLive();
  Attempt TakeAttempt();
  Race::Runner TakeRunner(StreamId stream);
  // As Take, for a stream that has not ended: asks the worker to drop the stream, too.
  LiveStream DropLive();
  Attempt DropAttempt();
  Race::Runner DropRunner(StreamId stream);
  // Drops what is there, of the race or of everything.
  void DropRace();
  void DropAll();

  std::vector<Action> TakeActions();

 private:
  StreamId Open(std::size_t target, int haste);
  void Cancel(StreamId stream) { actions_.push_back({Action::Kind::kCancel, stream}); }

  std::optional<LiveStream> live_;
  std::optional<Attempt> attempt_;
  Races races_;
  HelloNumbers hellos_;
  StreamId last_stream_ = 0;
  std::vector<Action> actions_;
};

}  // namespace liveness::internal
