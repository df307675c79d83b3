#include "client/src/session/session.h"

#include <algorithm>
#include <utility>

#include "client/src/session/stream_verdict.h"

namespace liveness::internal {
namespace {

Error ServerSilent() { return {"SERVER_SILENT", "no pong within the timeout"}; }
Error Unvouched() { return {"SERVER_SILENT", "the time is over for which the last pongs vouched"}; }
Error Overslept() { return {"LAPSED", "this process did not run for longer than its timeout"}; }
Error SaidGoodbye(const char* message) { return {"SAID_GOODBYE", message}; }

}  // namespace

Session::Session(Options options)
    : options_(std::move(options)),
      plan_(options_.targets, options_.random),
      final_words_(options_.trust),
      streams_(options_.look) {}

void Session::Start(BootTime now) {
  told_.Tell(State::kConnecting);
  Dial(now);
}

void Session::Dial(BootTime now) {
  const std::optional<std::size_t> target = plan_.Take(now);
  if (!target) return;
  streams_.Dial(now, *target, plan_.haste(*target), options_.welcome_timeout, !resume_token_.empty());
  ++counters_.attempts;
  TellConnecting();
}

void Session::TellConnecting() {
  if (!streams_.live()) told_.TellConnecting();
}

void Session::ComeBack(BootTime now, std::size_t first) {
  const Attempt* attempt = streams_.attempt();
  if (attempt) return plan_.StartAfter(attempt->target);
  plan_.ComeBack(now, first);
}

void Session::OnWelcome(StreamId stream, BootTime now, const Welcome& welcome,
                        const std::string& resume_token, std::optional<Duration> vouched_for) {
  const Terms terms = Agree({options_.interval, options_.timeout}, welcome);
  const std::optional<std::size_t> target = streams_.OnWelcome(stream, now, terms, vouched_for);
  if (!target) return;
  plan_.OnWelcome();
  final_words_.OnWelcome(*target);
  ++counters_.welcomes;
  if (options_.resume) resume_token_ = resume_token;
  told_.OnWelcome(welcome);
  if (goodbye_deadline_) streams_.SendGoodbye();
}

void Session::OnPong(StreamId stream, BootTime now, std::uint64_t sequence,
                     std::optional<Duration> vouched_for) {
  LiveStream* live = streams_.live();
  if (!live || live->id != stream) return;
  ++counters_.pongs_received;
  const std::optional<LiveStream::SentPing> answered = live->TakeAnswered(sequence);
  if (!answered) return;
  if (answered->sequence == sequence) {
    rtt_ = now - answered->sent;
    streams_.races().OnAnswer(*rtt_);
  }
  streams_.DropRace();
  if (std::exchange(live->given_up, false) && !live->draining) {
    // A server that was sent a hello may have the session, so its answer must be waited for.
    const Attempt* attempt = streams_.attempt();
    if (attempt && !attempt->hello_sent) streams_.DropAttempt();
    plan_.Clear();
  }
  if (live->Extend(now, answered->sent, vouched_for)) told_.Tell(State::kLive);
}

void Session::OnDrain(StreamId stream, BootTime now, Duration reconnect_within) {
  LiveStream* live = streams_.live();
  if (!live || live->id != stream || goodbye_deadline_) return;
  const BootTime moment = plan_.MomentWithin(now, reconnect_within);
  if (std::exchange(live->draining, true)) return plan_.DialBy(moment);  // the server may be in a hurry now
  streams_.DropRace();
  plan_.Leave(live->target);
  // An attempt is under way where the server was silent and has come back.
  if (!streams_.attempt()) plan_.DialAt(moment);
}

void Session::OnStreamEnd(StreamId stream, BootTime now, const StreamEnd& end) {
  if (streams_.races().Find(stream)) return OnRunnerFailed(now, streams_.TakeRunner(stream), end);
  const Attempt* attempt = streams_.attempt();
  if (attempt && attempt->id == stream) return OnAttemptFailed(now, streams_.TakeAttempt(), end);
  const LiveStream* live = streams_.live();
  if (live && live->id == stream) OnLiveEnded(now, end);
}

void Session::LoseReplaced() {
  const LiveStream lost = streams_.TakeLive();
  if (!lost.lapsed && !goodbye_deadline_) Lose();
}

void Session::OnAttemptFailed(BootTime now, const Attempt& attempt, const StreamEnd& end) {
  const Error why = Explain(end);
  told_.Keep(why);
  plan_.Hold(attempt.target, now + RetryDelay(end));
  if (streams_.live() && streams_.live()->replaced) {  // the attempt had the session, and lost it again
    LoseReplaced();
    plan_.StartAfter(attempt.target);
  }
  if (AskAgain(now, attempt, end)) return;
  const LiveStream* live = streams_.live();
  if (final_words_.Ends(end, attempt.target, live != nullptr)) return Stop(why);
  if (goodbye_deadline_) {
    return live ? streams_.SendGoodbye() : Stop(SaidGoodbye("no server could be told"));
  }
  plan_.GoOn(now, attempt.started);
  if (!live || live->given_up) told_.TellRefusal();
}

bool Session::AskAgain(BootTime now, const Attempt& attempt, const StreamEnd& end) {
  const bool token_refused = VerdictOn(end).come_back == ComeBack::kWithoutToken && attempt.with_token;
  const bool outnumbered =
      VerdictOn(end).reason == "STALE_HELLO" && streams_.hellos().IsNewest(attempt.hello);
  if (outnumbered) streams_.hellos().OmitNext();
  if (streams_.live() || (!token_refused && !outnumbered)) return false;
  if (token_refused) resume_token_.clear();
  plan_.AskAgain(now, attempt.target);
  return true;
}

void Session::OnLiveEnded(BootTime now, const StreamEnd& end) {
  LiveStream& live = *streams_.live();
  // Our hello on another stream replaces this one at the server, and the welcome there is under way.
  live.replaced = end.replaced() && streams_.OthersMayHaveSession();
  if (live.replaced) return;
  const LiveStream ended = streams_.TakeLive();
  if (goodbye_deadline_) {
    if (streams_.attempt()) return;  // the goodbye is said there
    goodbye_confirmed_ = end.ok();
    return Stop(SaidGoodbye(""));
  }
  const Error why{end.reason.empty() ? "STREAM_ENDED" : end.reason, end.message};
  told_.Keep(why);
  if (final_words_.Ends(end, ended.target, false)) return Stop(why);
  if (!ended.lapsed) Lose();
  plan_.Hold(ended.target, now + RetryDelay(end));
  const bool goes_away =
      end.retry_delay || (end.code == absl::StatusCode::kUnavailable && !end.reason.empty());
  if (goes_away || resume_token_.empty()) {
    streams_.DropRace();
  } else if (streams_.races().BeginAfter(ended, now, plan_.DelayOfRace()) && options_.targets == 1) {
    return;
  }
  // The stream broke off while the server answered, and the server did not mean it.
  const bool same_again = end.reason.empty() && !ended.draining && ended.unanswered.size() <= 1;
  ComeBack(now, same_again ? ended.target : After(ended.target));
}

void Session::OnRunnerFailed(BootTime now, const Race::Runner& runner, const StreamEnd& end) {
  const LiveStream* live = streams_.live();
  // The runner had the session, and lost it again.
  if (live && live->replaced && !streams_.OthersMayHaveSession()) {
    told_.Keep(Explain(end));
    LoseReplaced();
    live = nullptr;
  }
  if (!streams_.IsRefusal(runner, now, end)) return;
  const Error why = Explain(end);
  told_.Keep(why);
  const std::size_t target = streams_.races().race().target();
  if (final_words_.Ends(end, target, live != nullptr)) return Stop(why);
  if (live) return streams_.races().race().Rest(now);
  // The server is there and does not want the client now, or is not there. An attempt deals with either.
  streams_.DropRace();
  if (goodbye_deadline_) return Stop(SaidGoodbye("no server could be told"));
  plan_.Hold(target, now + RetryDelay(end));
  ComeBack(now, target);
}

void Session::OnGoodbye(BootTime now, BootTime deadline) {
  if (stopped() || goodbye_deadline_) return;
  (void)now;
  goodbye_deadline_ = deadline;
  plan_.Clear();
  const Attempt* attempt = streams_.attempt();
  if (!streams_.live() && streams_.races().on()) return;
  streams_.DropRace();
  // Which server has the session is known only with the answer to the hello of that attempt.
  if (attempt && (!streams_.live() || attempt->hello_sent)) return;
  if (attempt) streams_.DropAttempt();
  if (!streams_.live()) return Stop(SaidGoodbye("no server could be told"));
  streams_.SendGoodbye();
}

void Session::Advance(BootTime now) {
  if (stopped()) return;
  if (goodbye_deadline_ && now >= *goodbye_deadline_) {
    return Stop(SaidGoodbye("the server did not confirm it"));
  }
  CheckSilence(now);
  CheckRace(now);
  if (live_stream() && now >= streams_.live()->next_ping && !goodbye_deadline_) SendPing(now);
  CheckAttempt(now);
  if (plan_.next() && now >= *plan_.next()) Dial(now);
}

void Session::CheckSilence(BootTime now) {
  LiveStream* live = streams_.live();
  if (!live) return;
  switch (live->CheckSilence(now)) {
    case LiveStream::Silence::kNone: return;
    case LiveStream::Silence::kOverslept: told_.Keep(Overslept()); return Lose();
    case LiveStream::Silence::kUnvouched: told_.Keep(Unvouched()); return Lose();
    case LiveStream::Silence::kTimeout: return OnTimeout(now);
  }
}

void Session::OnTimeout(BootTime now) {
  if (live_stream() && !goodbye_deadline_ && !resume_token_.empty()) {
    // Nothing is gained by dropping the stream, because its packets may be the first to get through. The
    // stream ends when another is welcomed, or with its connection.
    LiveStream& live = *streams_.live();
    live.given_up = true;
    told_.Keep(ServerSilent());
    if (!std::exchange(live.lapsed, true)) Lose();
    told_.TellWhy(State::kConnecting);
    if (options_.targets > 1) ComeBack(now, After(live.target));
    return;
  }
  const LiveStream silent = streams_.DropLive();
  if (goodbye_deadline_ && streams_.attempt()) return;  // the goodbye is said there
  if (goodbye_deadline_) return Stop(SaidGoodbye("the server did not confirm it"));
  told_.Keep(ServerSilent());
  if (!silent.lapsed) Lose();
  ComeBack(now, After(silent.target));
}

const LiveStream* Session::RacedFor() const {
  const LiveStream* live = streams_.live();
  const bool may = live_stream() && !live->draining && !goodbye_deadline_ && !resume_token_.empty();
  return may ? live : nullptr;
}

void Session::CheckRace(BootTime now) {
  while (const std::optional<StreamId> late = streams_.races().Late(now)) {
    OnRunnerFailed(now, streams_.DropRunner(*late),
                   {absl::StatusCode::kDeadlineExceeded, "", "no welcome in time", {}});
  }
  if (!streams_.DialBeside(now, RacedFor() ? streams_.live() : nullptr)) return;
  ++counters_.attempts;
  TellConnecting();
}

void Session::CheckAttempt(BootTime now) {
  if (!streams_.attempt() || now < streams_.attempt()->deadline) return;
  const Attempt late = streams_.DropAttempt();
  if (!late.hello_sent) plan_.Hasten(late.target);
  OnAttemptFailed(now, late,
                  {absl::StatusCode::kDeadlineExceeded, "WELCOME_TIMEOUT", "no welcome in time", {}});
}

void Session::SendPing(BootTime now) {
  ++counters_.pings_sent;
  streams_.SendPing(now);
}

BootTime Session::NextDeadline() const {
  BootTime next = goodbye_deadline_.value_or(BootTime::max());
  const auto by = [&](std::optional<BootTime> deadline) { next = std::min(next, deadline.value_or(next)); };
  const LiveStream* live = streams_.live();
  if (live) by(live->NextCheck());
  by(streams_.races().NextDeadline(RacedFor()));
  if (live_stream() && !goodbye_deadline_) by(live->next_ping);
  if (streams_.attempt()) by(streams_.attempt()->deadline);
  by(plan_.next());
  return next;
}

void Session::Lose() {
  ++counters_.losses;
  told_.TellWhy(State::kLost);
}

void Session::Stop(const Error& why) {
  streams_.DropAll();
  plan_.Clear();
  told_.Tell(State::kStopped, why);
}

}  // namespace liveness::internal
