#include "client/src/session.h"

#include <algorithm>
#include <utility>

#include "client/src/stream_verdict.h"

namespace liveness::internal {
namespace {

using namespace std::chrono_literals;

// However long a server asks us to stay away, look again after this.
constexpr Duration kMaxRetryDelay = 60s;
// The same if it did not refuse us for a quota: a session may hang on it.
constexpr Duration kMaxOutageDelay = common::Backoff::Options{}.max;
// Of a drain, during which the old stream serves us on.
constexpr Duration kMaxDrainWindow = 1h;
// The whole time for an address, half of it, a quarter, an eighth.
constexpr int kHastes = 4;
// The longest timeout that a server is believed to give whom has not asked for one: its own bound by default.
constexpr Duration kLongestTimeout = 24h;
// No server has us ping more often than that, unless it was asked for.
constexpr Duration kLeastPeriod = 10ms;

Duration RetryDelay(const StreamEnd& end) {
  const bool quota = end.code == absl::StatusCode::kResourceExhausted;
  return std::clamp<Duration>(end.retry_delay.value_or(0s), 0s, quota ? kMaxRetryDelay : kMaxOutageDelay);
}

// How late Advance() may be before we say that it was we who did not run: well
// above a scheduler's delays, well below the timeout.
Duration OversleepSlack(Duration timeout) { return std::clamp<Duration>(timeout / 4, 5ms, 1s); }

// What the application is told of a refusal without a reason of ours.
Error Explain(const StreamEnd& end) {
  if (!end.reason.empty()) return {end.reason, end.message};
  switch (end.code) {
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kUnknown:
    case absl::StatusCode::kCancelled:
    case absl::StatusCode::kDeadlineExceeded: return {"CONNECT_FAILED", end.message};
    default: return {"FOREIGN_REFUSAL", absl::StatusCodeToString(end.code) + ": " + end.message};
  }
}

}  // namespace

Session::Session(Options options)
    : options_(std::move(options)),
      asked_timeout_(options_.timeout.value_or(kLongestTimeout)),
      backoff_(common::Backoff::Options{}, options_.random),
      order_(options_.targets),
      haste_(options_.targets) {}

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
  if (!live_ && state_ != State::kConnecting) {
    ChangeTo(State::kConnecting, last_error_ ? last_error_->reason : "",
             last_error_ ? last_error_->message : "");
  }
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

std::uint32_t Session::OnHelloSent(StreamId stream, BootTime now) {
  if (!attempt_ || attempt_->id != stream) return 0;
  attempt_->hello_sent = now;
  if (!std::exchange(hello_unnumbered_, false)) attempt_->hello = ++hellos_;
  // A server that does not answer must not cost us the one that does.
  if (live_) attempt_->deadline = std::min(attempt_->deadline, now + live_->timeout / 2);
  return attempt_->hello;
}

void Session::OnWelcome(StreamId stream, BootTime now, const Welcome& welcome,
                        const std::string& resume_token, std::optional<Duration> vouched_for) {
  if (!attempt_ || attempt_->id != stream) return;
  if (live_stream()) Cancel(live_->id);  // the drained one
  Live live{};
  live.id = stream;
  live.target = attempt_->target;
  if (live.target < options_.trust.size()) trust_ = options_.trust[live.target];
  live.timeout = std::clamp<Duration>(welcome.timeout, 1ms, std::max<Duration>(1ms, asked_timeout_));
  // With timeout < 2 x interval one late pong would look like silence.
  const Duration least = std::clamp<Duration>(options_.interval.value_or(kLeastPeriod), 1ms, kLeastPeriod);
  live.period = std::clamp<Duration>(welcome.interval, least, std::max<Duration>(live.timeout / 2, least));
  const Duration believed = Believed(live, vouched_for);
  live.alive_until = attempt_->hello_sent.value_or(attempt_->started) + believed;
  live.lapse = now + believed;
  live.give_up = now + live.timeout;
  live.next_ping = now;
  live_ = std::move(live);
  attempt_.reset();
  next_attempt_.reset();
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
  // A server under backpressure answers only the latest ping: its pong stands
  // for all before it.
  std::optional<SentPing> answered;
  while (!live_->unanswered.empty() && live_->unanswered.front().sequence <= sequence) {
    answered = live_->unanswered.front();
    live_->unanswered.pop_front();
  }
  if (!answered) return;
  if (answered->sequence == sequence) rtt_ = now - answered->sent;
  // Every promise stands by itself: a shorter one takes nothing back.
  live_->alive_until = std::max(live_->alive_until, answered->sent + Believed(*live_, vouched_for));
  live_->lapse = std::max(live_->lapse, live_->alive_until);
  live_->give_up = std::max(live_->give_up, answered->sent + live_->timeout);
  if (live_->lapsed && live_->alive_until > now) {
    live_->lapsed = false;
    live_->lapse = live_->alive_until;
    live_->give_up = answered->sent + live_->timeout;
    ChangeTo(State::kLive, "", "");
  }
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
  order_.Leave(live_->target);
  next_attempt_ = planned;
}

void Session::OnStreamEnd(StreamId stream, BootTime now, const StreamEnd& end) {
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
  if (!live_ && told_reason_ != reason) ChangeTo(State::kConnecting, reason, message);
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
  // Our own hello elsewhere did it; its welcome is under way.
  live_->replaced = end.replaced() && attempt_ && attempt_->hello_sent;
  if (live_->replaced) return;
  const Live ended = *std::exchange(live_, std::nullopt);
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
  // It broke off while the server answered, and the server did not mean it.
  const bool same_again = end.reason.empty() && !ended.draining && ended.unanswered.size() <= 1;
  ComeBack(now, same_again ? ended.target : After(ended.target));
}

void Session::OnGoodbye(BootTime now, BootTime deadline) {
  if (stopped() || goodbye_deadline_) return;
  (void)now;
  goodbye_deadline_ = deadline;
  next_attempt_.reset();
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
    live_->next_ping = now;
    last_error_ = Error{"LAPSED", "this process did not run for longer than its timeout"};
    return Lose();
  }
  if (lapses && now < live_->give_up) {
    live_->lapsed = true;
    last_error_ = Error{"SERVER_SILENT", "the time is over for which the last pongs vouched"};
    return Lose();
  }
  if (now < live_->give_up) return;
  if (live_stream()) Cancel(live_->id);
  const Live silent = *std::exchange(live_, std::nullopt);
  if (goodbye_deadline_ && attempt_) return;  // it is said there
  if (goodbye_deadline_) return Stop("SAID_GOODBYE", "the server did not confirm it");
  last_error_ = Error{"SERVER_SILENT", "no pong within the timeout"};
  if (!silent.lapsed) Lose();
  ComeBack(now, After(silent.target));
}

void Session::SendPing(BootTime now) {
  Live& live = *live_;
  live.unanswered.push_back({++live.last_sequence, now});
  live.next_ping += live.period;
  if (live.next_ping <= now) live.next_ping = now + live.period;  // never a burst
  ++counters_.pings_sent;
  actions_.push_back({Action::Kind::kPing, live.id, 0, live.last_sequence});
}

BootTime Session::NextDeadline() const {
  BootTime next = BootTime::max();
  if (goodbye_deadline_) next = std::min(next, *goodbye_deadline_);
  if (live_) next = std::min(next, live_->lapsed ? live_->give_up : live_->lapse);
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
