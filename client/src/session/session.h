// What a client does on each event: when it dials, pings, gives a server up,
// comes back, and stops for good. A pure machine: no gRPC, no clock, no thread.
// The worker feeds events to the session and carries out the actions that the session asks for.
//
//   Start        -> dial
//   welcome      -> kLive; the first ping at once, then one every period
//   pong         -> alive_until = send time of that ping + what the server vouches for,
//                   at most the timeout
//   late pong    -> a race (race.h): other connections to the same server beside the stream.
//                   The first that is welcomed carries on in the session, the others are dropped.
//   no pong      -> at alive_until: kLost (SERVER_SILENT). The stream stays, because what was
//                   sent on it may arrive yet; at the timeout dial other servers too
//   stream end   -> kLost at once, dial (the first time at once, then backed off
//                   between rounds over all targets)
//   overslept    -> kLost (LAPSED): this process did not run. The stream may
//                   well be good: ask the server with a ping, and drop the stream only if no
//                   answer comes within another timeout.
//   drain        -> dial another server within its window while the old stream
//                   still beats; the welcome there ends the old stream
//   replaced     -> the old stream of such a move has ended before the welcome
//                   came: no loss, unless the attempt at the other server then fails
//   final word   -> kStopped
//
// After a loss the same server comes first if it answered to the last: such a server holds
// the session, and if it has died its kernel refuses the client at once. A server that fell
// silent, drains or gave a reason comes last.
//
// Each part owns its own fields and its own rules; calls go down:
//
//   Session         what an event means; the goodbye, the resume token, the counters
//    AttemptPlan    which target is dialled next, and when       (attempt_plan.h)
//    OpenStreams    which streams there are, and who may have the session  (open_streams.h)
//     LiveStream    pings, pongs, alive_until, silence           (live_stream.h)
//     Races         connections beside the silent one            (races.h)
//     HelloNumbers  which hello is the newest                    (hello_numbers.h)
//    FinalWords     which server may end this client             (final_words.h)
//    ToldState      what the application knows                   (told_state.h)
//
// Not thread-safe: the worker's thread owns the session. `now` never goes back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <liveness/client_interface.h>

#include "client/src/session/action.h"
#include "client/src/session/attempt_plan.h"
#include "client/src/session/final_words.h"
#include "client/src/session/live_stream.h"
#include "client/src/session/open_streams.h"
#include "client/src/session/race.h"
#include "client/src/session/stream_end.h"
#include "client/src/session/terms.h"
#include "client/src/session/told_state.h"
#include "common/clock.h"

namespace liveness::internal {

using common::BootTime;
using common::Duration;

class Session {
 public:
  struct Options {
    std::size_t targets = 1;  // REQUIRES: > 0
    bool resume = true;
    Duration welcome_timeout = std::chrono::seconds(5);
    std::function<double()> random = {};  // uniform in [0, 1). REQUIRED.
    // See FinalWords.
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
  // for the wire; 0: the hello goes without. Nothing: the stream is dropped and must not say hello.
  std::optional<std::uint32_t> OnHelloSent(StreamId stream, BootTime now) {
    return streams_.OnHelloSent(stream, now);
  }
  // `vouched_for` as in the messages; an older server says none, and vouches for the timeout.
  void OnWelcome(StreamId stream, BootTime now, const Welcome& welcome, const std::string& resume_token,
                 std::optional<Duration> vouched_for = {});
  void OnPong(StreamId stream, BootTime now, std::uint64_t sequence,
              std::optional<Duration> vouched_for = {});
  // A ping of the server was answered.
  void OnProbe() { ++counters_.probes_answered; }
  void OnDrain(StreamId stream, BootTime now, Duration reconnect_within);
  void OnStreamEnd(StreamId stream, BootTime now, const StreamEnd& end);
  // The application leaves, and waits until `deadline` for the server to hear the goodbye.
  void OnGoodbye(BootTime now, BootTime deadline);

  // Does all that is due. Call it after every batch of events, at NextDeadline()
  // at the latest, because the session takes a late call for a time in which the process did not run.
  void Advance(BootTime now);
  // REQUIRES: !stopped()
  BootTime NextDeadline() const;

  std::vector<Action> TakeActions() { return streams_.TakeActions(); }
  std::vector<StateChange> TakeChanges() { return told_.TakeChanges(); }

  State state() const { return told_.state(); }
  bool stopped() const { return state() == State::kStopped; }
  bool goodbye_confirmed() const { return goodbye_confirmed_; }
  // The epoch when there is no live stream.
  BootTime alive_until() const { return streams_.alive_until(); }
  // What may be written to.
  std::optional<StreamId> live_stream() const { return streams_.writable(); }
  std::optional<Duration> rtt() const { return rtt_; }
  const std::optional<Welcome>& welcome() const { return told_.welcome(); }
  const std::optional<Error>& last_error() const { return told_.last_error(); }
  const Counters& counters() const { return counters_; }
  // To be sent with the next hello; empty: none.
  const std::string& resume_token() const { return resume_token_; }

 private:
  void Dial(BootTime now);
  // Plans the attempts after a loss, beginning with target `first`.
  void ComeBack(BootTime now, std::size_t first);
  void SendPing(BootTime now);
  void CheckSilence(BootTime now);
  // The live stream has been silent for as long as the timeout.
  void OnTimeout(BootTime now);
  // The live stream, if other connections may be opened beside it.
  const LiveStream* RacedFor() const;
  void CheckRace(BootTime now);
  void CheckAttempt(BootTime now);
  void OnLiveEnded(BootTime now, const StreamEnd& end);
  // OpenStreams has forgotten `runner` and `attempt` already.
  void OnRunnerFailed(BootTime now, const Race::Runner& runner, const StreamEnd& end);
  void OnAttemptFailed(BootTime now, const Attempt& attempt, const StreamEnd& end);
  // Where the server refused what a hello can do without: plans a hello without that at once, and returns
  // true.
  bool AskAgain(BootTime now, const Attempt& attempt, const StreamEnd& end);
  // The live stream was replaced, and has no successor after all. REQUIRES: last_error() says why
  void LoseReplaced();
  std::size_t After(std::size_t target) const { return (target + 1) % options_.targets; }
  // Tells kConnecting where no stream has the session. (When one is given up, it is told then.)
  void TellConnecting();
  void Lose();  // tells kLost. REQUIRES: last_error() says why
  void Stop(const Error& why);

  const Options options_;
  AttemptPlan plan_;
  FinalWords final_words_;
  OpenStreams streams_;
  ToldState told_;
  // While not stopped, a stream is open, a race is on, or an attempt is planned.

  std::optional<BootTime> goodbye_deadline_;  // set: the application has said goodbye
  bool goodbye_confirmed_ = false;
  std::string resume_token_;
  std::optional<Duration> rtt_;
  Counters counters_;
};

}  // namespace liveness::internal
