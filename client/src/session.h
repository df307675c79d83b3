// What a client does on each event: when it dials, pings, gives a server up,
// comes back, and stops for good. A pure machine: no gRPC, no clock, no thread.
// The worker feeds it events and carries out its actions.
//
//   Start        -> dial
//   welcome      -> kLive; the first ping at once, then one every period
//   pong         -> alive_until = send time of that ping + what the server vouches for,
//                   at most the timeout
//   late pong    -> a race (race.h): other connections to the same server beside the stream.
//                   Whichever answers first carries on in the session, the others are dropped.
//   no pong      -> at alive_until: kLost (SERVER_SILENT); the stream stays, for what was
//                   sent on it may arrive yet; at the timeout dial other servers too
//   stream end   -> kLost at once, dial (the first time at once, then backed off
//                   between rounds over all targets, see target_order.h)
//   overslept    -> kLost (LAPSED): it was we who did not run. The stream may
//                   well be good: ask it with a ping, and drop it only if no
//                   answer comes within another timeout.
//   drain        -> dial another server within its window while the old stream
//                   still beats; the welcome there ends the old one
//   replaced     -> the old stream of such a move has ended before the welcome
//                   came: no loss, unless that attempt then fails
//   final word   -> kStopped: one that stream_verdict.h lists, on a connection that is
//                   trusted no less than the one of the last welcome
//
// Example: timeout 3 s, a ping sent at 10.0 is ponged at 10.2. The server has
// received it at 10.0 at the earliest and cannot call us silent before 13.0:
// alive_until is 13.0, and if no later ping is ponged, kLost comes at 13.0. A server
// that judges by how our pings arrive may say in that pong that it vouches for 1.9 s:
// alive_until is 11.9.
//
// What a server says is capped by what was asked for: it may make us less certain,
// never more, and have us ping more often only within kLeastPeriod.
//
// After a loss the same server comes first if it answered to the last: it holds
// the session, and if it has died its kernel refuses us at once. One that fell
// silent, drains or gave a reason comes last.
//
// A target may be a name of many addresses, which gRPC tries one after the other,
// from the first, in each attempt. If dead ones use up the whole attempt, the next one
// gives each half the time, and so on down to an eighth, then the whole again: with
// the defaults 20 dead addresses before a good one are passed in four attempts.
//
// Hellos are numbered over all streams (`attempt` on the wire), so that a server knows
// one that comes late. If it takes our newest one for late, another process bears our
// instance id: the next hello goes without a number, and the tokens decide.
//
// Streams are numbered; an event of a stream that is neither live nor being
// tried is dropped. Not thread-safe. `now` never goes back.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <liveness/client_interface.h>

#include "client/src/live_stream.h"
#include "client/src/race.h"
#include "client/src/races.h"
#include "client/src/stream_end.h"
#include "client/src/target_order.h"
#include "common/backoff.h"
#include "common/clock.h"

namespace liveness::internal {

using common::BootTime;
using common::Duration;

struct Action {
  enum class Kind {
    kDial,     // open stream `stream` to target number `target`
    kPing,     // send ping `sequence` on `stream`
    kGoodbye,  // send the goodbye on `stream`
    kCancel,   // drop `stream`; no event of it matters any more
  };
  Kind kind;
  StreamId stream = 0;
  std::size_t target = 0;
  std::uint64_t sequence = 0;
  // kDial: halve, so many times, what one of the target's addresses may take.
  int haste = 0;
};

class Session {
 public:
  struct Options {
    std::size_t targets = 1;  // REQUIRES: > 0
    bool resume = true;
    Duration welcome_timeout = std::chrono::seconds(5);
    std::function<double()> random = {};  // uniform in [0, 1). REQUIRED.
    // How far to trust what comes over a connection to each target; empty: all alike. A final
    // word counts only where the trust is no smaller than at the last welcome.
    std::vector<int> trust = {};
    // What the kernel knows of that stream's connection; null: nothing.
    std::function<PathLook(StreamId)> look = {};
    // What the application asked for; unset: the server's word holds, up to a day.
    std::optional<Duration> interval = {};
    std::optional<Duration> timeout = {};
  };

  explicit Session(Options options);

  void Start(BootTime now);

  // The hello of an attempt is about to be written, with resume_token(). Returns its `attempt`
  // for the wire; 0: it goes without. Nothing: the stream is dropped and must not say it.
  std::optional<std::uint32_t> OnHelloSent(StreamId stream, BootTime now);
  // `vouched_for` as in the messages; an older server says none, and vouches for the timeout.
  void OnWelcome(StreamId stream, BootTime now, const Welcome& welcome, const std::string& resume_token,
                 std::optional<Duration> vouched_for = {});
  void OnPong(StreamId stream, BootTime now, std::uint64_t sequence,
              std::optional<Duration> vouched_for = {});
  // A ping of the server was answered.
  void OnProbe() { ++counters_.probes_answered; }
  void OnDrain(StreamId stream, BootTime now, Duration reconnect_within);
  void OnStreamEnd(StreamId stream, BootTime now, const StreamEnd& end);
  // The application leaves; it waits until `deadline` for the server to hear it.
  void OnGoodbye(BootTime now, BootTime deadline);

  // Does all that is due. Call it after every batch of events, at NextDeadline()
  // at the latest: its lateness is how the machine knows that it did not run.
  void Advance(BootTime now);
  // REQUIRES: !stopped()
  BootTime NextDeadline() const;

  std::vector<Action> TakeActions();
  std::vector<StateChange> TakeChanges();

  State state() const { return state_; }
  bool stopped() const { return state_ == State::kStopped; }
  bool goodbye_confirmed() const { return goodbye_confirmed_; }
  // The epoch when there is no live stream.
  BootTime alive_until() const;
  // What may be written to.
  std::optional<StreamId> live_stream() const {
    return live_ && !live_->replaced ? std::optional(live_->id) : std::nullopt;
  }
  std::optional<Duration> rtt() const { return rtt_; }
  const std::optional<Welcome>& welcome() const { return welcome_; }
  const std::optional<Error>& last_error() const { return last_error_; }
  const Counters& counters() const { return counters_; }
  // To be sent with the next hello; empty: none.
  const std::string& resume_token() const { return resume_token_; }

 private:
  struct Attempt {
    StreamId id;
    std::size_t target;
    BootTime started;
    BootTime deadline;
    std::optional<BootTime> hello_sent;  // from then on it may have the session
    bool with_token;
    std::uint32_t hello = 0;  // its number; 0 before it was sent, or without one
  };
  void Dial(BootTime now);
  // Plans the attempts after a loss, beginning with target `first`.
  void ComeBack(BootTime now, std::size_t first);
  void SendPing(BootTime now);
  void CheckSilence(BootTime now);
  // The live stream, if other connections may be opened beside it.
  const LiveStream* RacedFor() const;
  void CheckRace(BootTime now);
  // Drops all that run in it.
  void EndRace();
  void OnRunnerFailed(BootTime now, StreamId stream, const StreamEnd& end);
  // The session has gone to `stream`, whose welcome came.
  void DropOthers(StreamId stream);
  void OnAttemptFailed(BootTime now, const StreamEnd& end);
  // True if another stream than this one has the session, or may get it.
  bool HasOthers(StreamId stream) const;
  void OnLiveEnded(BootTime now, const StreamEnd& end);
  std::size_t After(std::size_t target) const { return (target + 1) % options_.targets; }
  // True if `end` comes from where final words may come from, and is one.
  bool IsFinal(const StreamEnd& end, std::size_t target, bool established) const;
  // Tells kConnecting, unless there is a stream that is not given up.
  void TellConnecting();
  void Lose();  // tells kLost. REQUIRES: last_error_ says why
  void Stop(const std::string& reason, const std::string& message);
  void ChangeTo(State state, const std::string& reason, const std::string& message);
  void Cancel(StreamId stream) { actions_.push_back({Action::Kind::kCancel, stream}); }

  const Options options_;
  const Duration asked_timeout_;  // the most that a server is believed
  common::Backoff backoff_;
  TargetOrder order_;
  std::vector<int> haste_;  // of the next attempt, by target
  State state_ = State::kConnecting;
  std::string told_reason_;

  // While not stopped, at least one of these four is set, or on.
  std::optional<LiveStream> live_;
  std::optional<Attempt> attempt_;
  std::optional<BootTime> next_attempt_;
  Races races_;

  std::optional<BootTime> goodbye_deadline_;
  bool goodbye_confirmed_ = false;
  StreamId last_stream_ = 0;
  std::uint32_t hellos_ = 0;       // the number of the newest
  bool hello_unnumbered_ = false;  // the next one
  int trust_ = 0;                  // of the last welcome's target
  std::string resume_token_;
  std::optional<Welcome> welcome_;
  std::optional<Duration> rtt_;
  std::optional<Error> last_error_;
  Counters counters_;
  std::vector<Action> actions_;
  std::vector<StateChange> changes_;
};

}  // namespace liveness::internal
