#include "client/src/session.h"

#include <algorithm>
#include <utility>

#include "client/src/stream_verdict.h"

namespace liveness::internal {
namespace {

using namespace std::chrono_literals;

// Of a drain, during which the old stream serves us on.
constexpr Duration kMaxDrainWindow = 1h;
// The whole time for an address, half of it, a quarter, an eighth.
constexpr int kHastes = 4;
// The longest timeout that a server is believed to give whom has not asked for one: its own bound by default.
constexpr Duration kLongestTimeout = 24h;
// No server has us ping more often than that, unless it was asked for.
constexpr Duration kLeastPeriod = 10ms;

// How late Advance() may be before we say that it was we who did not run: well
// above a scheduler's delays, well below the timeout.
Duration OversleepSlack(Duration timeout) { return std::clamp<Duration>(timeout / 4, 5ms, 1s); }

}  // namespace

Session::Session(Options options)
    : options_(std::move(options)),
      asked_timeout_(options_.timeout.value_or(kLongestTimeout)),
      backoff_(common::Backoff::Options{}, options_.random),
      order_(options_.targets),
      haste_(options_.targets),
      races_(options_.look) {}

void Session::Start(BootTime now) {
  changes_.push_back({State::kConnecting, "", "", 0});
  Dial(now);
}

void Session::Dial(BootTime now) {
  next_attempt_.reset();
  const std::optional<std::size_t> target = order_.Next(now);
  if (!target) {
    order_.NextRound();
    next_attempt_ = order_.FreeAt();
    return;
  }
  attempt_ = Attempt{++last_stream_,        *target, now, now + options_.welcome_timeout, std::nullopt,
                     !resume_token_.empty()};
  ++counters_.attempts;
  actions_.push_back({Action::Kind::kDial, attempt_->id, *target, 0, haste_[*target]});
  TellConnecting();
}

void Session::TellConnecting() {
  if ((live_ && !live_->given_up) || state_ == State::kConnecting) return;
  ChangeTo(State::kConnecting, last_error_ ? last_error_->reason : "",
           last_error_ ? last_error_->message : "");
}

void Session::ComeBack(BootTime now, std::size_t first) {
  order_.StartAt(attempt_ ? After(attempt_->target) : first);
  if (attempt_) return;
  backoff_.Succeeded();  // a move that failed before is no reason to wait now
  next_attempt_ = std::max(now + backoff_.Next(), order_.FreeAt());
}

BootTime Session::alive_until() const {
  if (!live_) return {};
  if (!attempt_ || !attempt_->hello_sent) return live_->alive_until;
  // The other server may have the session already, and then counts from the
  // hello; what the old one answers is worth nothing beyond that.
  return std::min(live_->alive_until, *attempt_->hello_sent + live_->timeout);
}

std::optional<std::uint32_t> Session::OnHelloSent(StreamId stream, BootTime now) {
  Race::Runner* runner = races_.Find(stream);
  const bool attempted = attempt_ && attempt_->id == stream;
  if (!runner && !attempted) return std::nullopt;
  const std::uint32_t hello = std::exchange(hello_unnumbered_, false) ? 0 : ++hellos_;
  if (runner) {
    runner->hello_sent = now;
    runner->hello = hello;
  }
  if (!attempted) return hello;
  attempt_->hello = hello;
  attempt_->hello_sent = now;
  // A server that does not answer must not cost us the one that does.
  if (live_) attempt_->deadline = std::min(attempt_->deadline, now + live_->timeout / 2);
  return attempt_->hello;
}

void Session::OnWelcome(StreamId stream, BootTime now, const Welcome& welcome,
                        const std::string& resume_token, std::optional<Duration> vouched_for) {
  const Race::Runner* runner = races_.Find(stream);
  const bool attempted = attempt_ && attempt_->id == stream;
  if (!runner && !attempted) return;
  LiveStream live;
  live.id = stream;
  live.target = attempted ? attempt_->target : races_.race().target();
  if (live.target < options_.trust.size()) trust_ = options_.trust[live.target];
  live.timeout = std::clamp<Duration>(welcome.timeout, 1ms, std::max<Duration>(1ms, asked_timeout_));
  // With timeout < 2 x interval one late pong would look like silence.
  const Duration least = std::clamp<Duration>(options_.interval.value_or(kLeastPeriod), 1ms, kLeastPeriod);
  live.period = std::clamp<Duration>(welcome.interval, least, std::max<Duration>(live.timeout / 2, least));
  const std::optional<BootTime> hello_sent = attempted ? attempt_->hello_sent : runner->hello_sent;
  if (hello_sent) races_.OnWelcome(now - *hello_sent);
  live.Welcomed(now, hello_sent, vouched_for);
  DropOthers(stream);
  live_ = std::move(live);
  backoff_.Succeeded();
  ++counters_.welcomes;
  const bool same = welcome_ && welcome_->incarnation == welcome.incarnation;
  welcome_ = welcome;
  if (options_.resume) resume_token_ = resume_token;
  if (state_ != State::kLive || !same) ChangeTo(State::kLive, "", "");
  if (goodbye_deadline_) actions_.push_back({Action::Kind::kGoodbye, stream});
}

void Session::OnPong(StreamId stream, BootTime now, std::uint64_t sequence,
                     std::optional<Duration> vouched_for) {
  if (!live_ || live_->id != stream) return;
  ++counters_.pongs_received;
  const std::optional<LiveStream::SentPing> answered = live_->TakeAnswered(sequence);
  if (!answered) return;
  if (answered->sequence == sequence) {
    rtt_ = now - answered->sent;
    races_.OnAnswer(*rtt_);
  }
  EndRace();
  if (std::exchange(live_->given_up, false) && !live_->draining) {
    // Whoever was sent a hello may have the session: that answer must be waited for.
    if (attempt_ && !attempt_->hello_sent) Cancel(std::exchange(attempt_, std::nullopt)->id);
    next_attempt_.reset();
  }
  if (live_->Extend(now, answered->sent, vouched_for)) ChangeTo(State::kLive, "", "");
}

void Session::OnDrain(StreamId stream, BootTime now, Duration reconnect_within) {
  if (!live_ || live_->id != stream || goodbye_deadline_) return;
  const BootTime planned =
      now + backoff_.AfterDrain(std::clamp<Duration>(reconnect_within, 0s, kMaxDrainWindow));
  if (live_->draining) {  // and now in a hurry, perhaps
    if (next_attempt_) next_attempt_ = std::min(*next_attempt_, planned);
    return;
  }
  live_->draining = true;
  EndRace();
  order_.Leave(live_->target);
  if (!attempt_) next_attempt_ = planned;  // else one is under way: it was silent, and has come back
}

void Session::OnStreamEnd(StreamId stream, BootTime now, const StreamEnd& end) {
  if (races_.Find(stream) != nullptr) OnRunnerFailed(now, stream, end);
  if (attempt_ && attempt_->id == stream) OnAttemptFailed(now, end);
  if (live_ && live_->id == stream) OnLiveEnded(now, end);
}

void Session::OnAttemptFailed(BootTime now, const StreamEnd& end) {
  if (live_) live_->alive_until = alive_until();  // until the old server answers once more
  const Attempt attempt = *attempt_;
  attempt_.reset();
  const StreamVerdict& verdict = VerdictOn(end);
  last_error_ = Explain(end);
  const auto& [reason, message] = *last_error_;
  order_.Hold(attempt.target, now + RetryDelay(end));
  if (live_ && live_->replaced) {  // it had the session, and lost it again
    const bool told = live_->lapsed;
    live_.reset();
    if (!told && !goodbye_deadline_) Lose();
    order_.StartAfter(attempt.target);
  }
  const bool token_refused = verdict.come_back == ComeBack::kWithoutToken && attempt.with_token;
  const bool outnumbered = verdict.reason == "STALE_HELLO" && attempt.hello != 0 && attempt.hello == hellos_;
  if (outnumbered) hello_unnumbered_ = true;
  if (!live_ && (token_refused || outnumbered)) {
    if (token_refused) resume_token_.clear();
    order_.StartAt(attempt.target);
    next_attempt_ = now;
    return;
  }
  if (IsFinal(end, attempt.target, live_.has_value())) return Stop(reason, message);
  if (goodbye_deadline_) {
    if (!live_) return Stop("SAID_GOODBYE", "no server could be told");
    actions_.push_back({Action::Kind::kGoodbye, live_->id});
    return;
  }
  if (order_.RoundGoesOn(now)) {
    next_attempt_ = now;
  } else {
    order_.NextRound();
    // Counted from the start of the attempt: one that took long is followed at once.
    next_attempt_ = std::max({now, attempt.started + backoff_.Next(), order_.FreeAt()});
  }
  if ((!live_ || live_->given_up) && told_reason_ != reason) ChangeTo(State::kConnecting, reason, message);
}

bool Session::IsFinal(const StreamEnd& end, std::size_t target, bool established) const {
  if (target < options_.trust.size() && options_.trust[target] < trust_) return false;
  switch (VerdictOn(end).come_back) {
    case ComeBack::kNever: return true;
    // While one server serves us, another's refusal of our hello is not the end.
    case ComeBack::kNeverHere: return !established;
    case ComeBack::kNeverUnlessKnown: return counters_.welcomes == 0;
    case ComeBack::kWithToken:
    case ComeBack::kWithoutToken: return false;
  }
  return false;
}

void Session::OnLiveEnded(BootTime now, const StreamEnd& end) {
  // Our own hello did it; its welcome is under way.
  live_->replaced = end.replaced() && HasOthers(live_->id);
  if (live_->replaced) return;
  const LiveStream ended = *std::exchange(live_, std::nullopt);
  if (goodbye_deadline_) {
    if (attempt_) return;  // it is said there
    goodbye_confirmed_ = end.ok();
    return Stop("SAID_GOODBYE", "");
  }
  const std::string reason = end.reason.empty() ? "STREAM_ENDED" : end.reason;
  last_error_ = Error{reason, end.message};
  if (IsFinal(end, ended.target, false)) return Stop(reason, end.message);
  if (!ended.lapsed) Lose();
  order_.Hold(ended.target, now + RetryDelay(end));
  const bool goes_away =
      end.retry_delay || (end.code == absl::StatusCode::kUnavailable && !end.reason.empty());
  if (goes_away || resume_token_.empty()) {
    EndRace();
  } else if (races_.BeginAfter(ended, now, backoff_.Next()) && options_.targets == 1) {
    return;
  }
  // It broke off while the server answered, and the server did not mean it.
  const bool same_again = end.reason.empty() && !ended.draining && ended.unanswered.size() <= 1;
  ComeBack(now, same_again ? ended.target : After(ended.target));
}

void Session::OnGoodbye(BootTime now, BootTime deadline) {
  if (stopped() || goodbye_deadline_) return;
  (void)now;
  goodbye_deadline_ = deadline;
  next_attempt_.reset();
  if (!live_ && races_.on()) return;
  EndRace();
  // Which server has the session is known only with the answer to that hello.
  if (attempt_ && (!live_ || attempt_->hello_sent)) return;
  if (attempt_) Cancel(attempt_->id);
  attempt_.reset();
  if (!live_) return Stop("SAID_GOODBYE", "no server could be told");
  actions_.push_back({Action::Kind::kGoodbye, live_->id});
}

void Session::Advance(BootTime now) {
  if (stopped()) return;
  if (goodbye_deadline_ && now >= *goodbye_deadline_)
    return Stop("SAID_GOODBYE", "the server did not confirm it");
  CheckSilence(now);
  CheckRace(now);
  if (live_stream() && now >= live_->next_ping && !goodbye_deadline_) SendPing(now);
  if (attempt_ && now >= attempt_->deadline) {
    Cancel(attempt_->id);
    if (!attempt_->hello_sent) haste_[attempt_->target] = (haste_[attempt_->target] + 1) % kHastes;
    OnAttemptFailed(now, {absl::StatusCode::kDeadlineExceeded, "WELCOME_TIMEOUT", "no welcome in time", {}});
  }
  if (next_attempt_ && now >= *next_attempt_ && !stopped()) Dial(now);
}

void Session::CheckSilence(BootTime now) {
  if (!live_) return;
  const bool lapses = !live_->lapsed && now >= live_->lapse;
  if (lapses && now - live_->lapse > OversleepSlack(live_->timeout)) {
    live_->lapsed = true;
    live_->give_up = now + live_->timeout;
    live_->next_ping = live_->woken = now;
    last_error_ = Error{"LAPSED", "this process did not run for longer than its timeout"};
    return Lose();
  }
  if (lapses && now < live_->give_up) {
    live_->lapsed = true;
    last_error_ = Error{"SERVER_SILENT", "the time is over for which the last pongs vouched"};
    return Lose();
  }
  if (now < live_->give_up || live_->given_up) return;
  if (live_stream() && !goodbye_deadline_ && !resume_token_.empty()) {
    // Nothing is gained by dropping it: its packets may be the first to get through. It ends when another
    // is welcomed, or with its connection.
    live_->given_up = true;
    last_error_ = Error{"SERVER_SILENT", "no pong within the timeout"};
    if (!std::exchange(live_->lapsed, true)) Lose();
    ChangeTo(State::kConnecting, last_error_->reason, last_error_->message);
    if (options_.targets > 1) ComeBack(now, After(live_->target));
    return;
  }
  if (live_stream()) Cancel(live_->id);
  const LiveStream silent = *std::exchange(live_, std::nullopt);
  if (goodbye_deadline_ && attempt_) return;  // it is said there
  if (goodbye_deadline_) return Stop("SAID_GOODBYE", "the server did not confirm it");
  last_error_ = Error{"SERVER_SILENT", "no pong within the timeout"};
  if (!silent.lapsed) Lose();
  ComeBack(now, After(silent.target));
}

void Session::SendPing(BootTime now) {
  ++counters_.pings_sent;
  actions_.push_back({Action::Kind::kPing, live_->id, 0, live_->SendPing(now)});
}

BootTime Session::NextDeadline() const {
  BootTime next = BootTime::max();
  if (goodbye_deadline_) next = std::min(next, *goodbye_deadline_);
  if (live_ && !live_->given_up) next = std::min(next, live_->lapsed ? live_->give_up : live_->lapse);
  const std::optional<BootTime> look = races_.NextDeadline(RacedFor());
  if (look) next = std::min(next, *look);
  if (live_stream() && !goodbye_deadline_) next = std::min(next, live_->next_ping);
  if (attempt_) next = std::min(next, attempt_->deadline);
  if (next_attempt_) next = std::min(next, *next_attempt_);
  return next;
}

void Session::Lose() {
  ++counters_.losses;
  ChangeTo(State::kLost, last_error_->reason, last_error_->message);
}

void Session::Stop(const std::string& reason, const std::string& message) {
  if (live_) Cancel(live_->id);
  if (attempt_) Cancel(attempt_->id);
  EndRace();
  live_.reset();
  attempt_.reset();
  next_attempt_.reset();
  ChangeTo(State::kStopped, reason, message);
}

void Session::ChangeTo(State state, const std::string& reason, const std::string& message) {
  state_ = state;
  told_reason_ = reason;
  changes_.push_back({state, reason, message, welcome_ ? welcome_->incarnation : 0});
}

std::vector<Action> Session::TakeActions() { return std::exchange(actions_, {}); }
std::vector<StateChange> Session::TakeChanges() { return std::exchange(changes_, {}); }

}  // namespace liveness::internal
