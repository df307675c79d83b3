// The races of one session (race.h), one at a time: when a race begins, and which streams run in it.
//
//   a pong is overdue                     -> a race to the same server, beside the stream
//   the stream ends, and the path has lost
//   packets within the last ten timeouts  -> a race too: a single attempt may hang on its
//                                            first packet for a second and more
//
// Pure; not thread-safe: OpenStreams owns it.
#pragma once

#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "client/src/session/live_stream.h"
#include "client/src/session/race.h"
#include "common/clock.h"

namespace liveness::internal {

class Races {
 public:
  // Returns what the kernel knows of the stream's connection. A null function: nothing is known of any.
  using LookFunction = std::function<PathLook(StreamId)>;

  explicit Races(LookFunction look) : look_(std::move(look)) {}

  // A ping was answered after that time.
  void OnAnswer(common::Duration rtt) { answers_.Add(rtt); }
  // A hello was answered after that time: all that is known of the path before the first ping's answer.
  void OnWelcome(common::Duration rtt) {
    if (!answers_.known()) answers_.Add(rtt);
  }

  bool on() const { return race_.has_value(); }
  // REQUIRES: on()
  Race& race() { return *race_; }
  Race::Runner* Find(StreamId stream) { return race_ ? race_->Find(stream) : nullptr; }
  // A runner that was not welcomed in time.
  std::optional<StreamId> Late(common::BootTime now) const { return race_ ? race_->Late(now) : std::nullopt; }
  // True if a runner has said hello, so that it may have the session.
  bool MayHaveSession() const;

  // The session's stream has ended: begins a race whose first connection is opened after `delay`, if none is
  // on. False where the path has lost nothing of late, so that a race would gain nothing.
  bool BeginAfter(const LiveStream& ended, common::BootTime now, common::Duration delay);
  // Is another connection to be opened? `live` is the session's stream, if other connections may be opened
  // beside it: an overdue answer on it begins a race.
  Race::Choice Look(common::BootTime now, LiveStream* live);
  // When to look again.
  std::optional<common::BootTime> NextDeadline(const LiveStream* live) const;
  // Ends the race, if one is on. Returns the streams that ran in it.
  std::vector<StreamId> End();

 private:
  common::Duration Patience(const LiveStream& stream) const;
  std::optional<common::BootTime> OverdueAt(const LiveStream* live) const;
  PathLook LookAt(StreamId stream) const { return look_ ? look_(stream) : PathLook{}; }

  const LookFunction look_;
  AnswerTime answers_;
  std::optional<Race> race_;
  std::optional<common::BootTime> last_;  // when the last race was on
};

}  // namespace liveness::internal
