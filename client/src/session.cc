#include "client/src/session.h"

#include <algorithm>
#include <utility>

namespace liveness::internal {
namespace {

using namespace std::chrono_literals;

// However long a server asks us to stay away, look again after this.
constexpr Duration kMaxRetryDelay = 60s;

// How late Advance() may be before we say that it was we who did not run: well
// above a scheduler's delays, well below the timeout.
Duration OversleepSlack(Duration timeout) { return std::clamp<Duration>(timeout / 4, 5ms, 1s); }

}  // namespace

Session::Session(Options options)
    : options_(std::move(options)), backoff_(common::Backoff::Options{}, options_.random) {}

void Session::Start(BootTime now) {
  changes_.push_back({State::kConnecting, "", "", 0});
  Dial(now);
}

void Session::Dial(BootTime now) {
  next_attempt_.reset();
  attempt_ = Attempt{++last_stream_, now, now + options_.welcome_timeout, now, !resume_token_.empty()};
  ++counters_.attempts;
  actions_.push_back({Action::Kind::kDial, attempt_->id, next_target_});
  next_target_ = (next_target_ + 1) % options_.targets;
  if (!live_ && state_ != State::kConnecting) {
    ChangeTo(State::kConnecting, last_error_ ? last_error_->reason : "",
             last_error_ ? last_error_->message : "");
  }
}

void Session::OnHelloSent(StreamId stream, BootTime now) {
  if (attempt_ && attempt_->id == stream) attempt_->hello_sent = now;
}

void Session::OnWelcome(StreamId stream, BootTime now, const Welcome& welcome,
                        const std::string& resume_token) {
  if (!attempt_ || attempt_->id != stream) return;
  if (live_) Cancel(live_->id);  // the drained one
  Live live{};
  live.id = stream;
  live.timeout = std::max<Duration>(welcome.timeout, 1ms);
  // With timeout < 2 x interval one late pong would look like silence.
  live.period = std::clamp<Duration>(welcome.interval, 1ms, std::max<Duration>(live.timeout / 2, 1ms));
  live.alive_until = attempt_->hello_sent + live.timeout;
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

void Session::OnPong(StreamId stream, BootTime now, std::uint64_t sequence) {
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
  live_->alive_until = std::max(live_->alive_until, answered->sent + live_->timeout);
  live_->give_up = std::max(live_->give_up, live_->alive_until);
  if (live_->lapsed && live_->alive_until > now) {
    live_->lapsed = false;
    live_->give_up = live_->alive_until;
    ChangeTo(State::kLive, "", "");
  }
}

void Session::OnDrain(StreamId stream, BootTime now, Duration reconnect_within) {
  if (!live_ || live_->id != stream || attempt_ || goodbye_deadline_) return;
  next_attempt_ = now + backoff_.AfterDrain(std::clamp<Duration>(reconnect_within, 0s, kMaxRetryDelay));
}

void Session::OnStreamEnd(StreamId stream, BootTime now, const StreamEnd& end) {
  if (attempt_ && attempt_->id == stream) OnAttemptFailed(now, end);
  if (live_ && live_->id == stream) OnLiveEnded(now, end);
}

void Session::OnAttemptFailed(BootTime now, const StreamEnd& end) {
  const Attempt attempt = *attempt_;
  attempt_.reset();
  const std::string reason = end.reason.empty() ? "CONNECT_FAILED" : end.reason;
  last_error_ = Error{reason, end.message};
  if (end.denied() && attempt.with_token) {
    // The token is another client's or of another store; we may still be let in without.
    resume_token_.clear();
    next_attempt_ = now;
    return;
  }
  const bool refused = end.unreachable() && counters_.welcomes == 0;
  if (end.final() || end.denied() || refused) return Stop(reason, end.message);
  if (goodbye_deadline_ && !live_) return Stop("SAID_GOODBYE", "no server could be told");
  // Counted from the start of the attempt: one that took long is followed at once.
  next_attempt_ = std::max(now, attempt.started + backoff_.Next());
  if (end.retry_delay)
    next_attempt_ = std::max(*next_attempt_, now + std::min(*end.retry_delay, kMaxRetryDelay));
  if (!live_ && told_reason_ != reason) ChangeTo(State::kConnecting, reason, end.message);
}

void Session::OnLiveEnded(BootTime now, const StreamEnd& end) {
  if (goodbye_deadline_) {
    goodbye_confirmed_ = end.ok();
    live_.reset();
    return Stop("SAID_GOODBYE", "");
  }
  const std::string reason = end.reason.empty() ? "STREAM_ENDED" : end.reason;
  const bool told = live_->lapsed;
  live_.reset();
  last_error_ = Error{reason, end.message};
  if (end.final()) return Stop(reason, end.message);
  if (!told) Lose();
  if (!attempt_ && !next_attempt_) next_attempt_ = now + backoff_.Next();
  if (end.retry_delay && next_attempt_) {
    next_attempt_ = std::max(*next_attempt_, now + std::min(*end.retry_delay, kMaxRetryDelay));
  }
}

void Session::OnGoodbye(BootTime now, BootTime deadline) {
  if (stopped() || goodbye_deadline_) return;
  (void)now;
  goodbye_deadline_ = deadline;
  next_attempt_.reset();
  if (live_) {
    if (attempt_) Cancel(attempt_->id);
    attempt_.reset();
    actions_.push_back({Action::Kind::kGoodbye, live_->id});
  } else if (!attempt_) {
    Stop("SAID_GOODBYE", "no server could be told");
  }
}

void Session::Advance(BootTime now) {
  if (stopped()) return;
  if (goodbye_deadline_ && now >= *goodbye_deadline_)
    return Stop("SAID_GOODBYE", "the server did not confirm it");
  CheckSilence(now);
  if (live_ && now >= live_->next_ping && !goodbye_deadline_) SendPing(now);
  if (attempt_ && now >= attempt_->deadline) {
    Cancel(attempt_->id);
    OnAttemptFailed(now, {absl::StatusCode::kDeadlineExceeded, "WELCOME_TIMEOUT", "no welcome in time", {}});
  }
  if (next_attempt_ && now >= *next_attempt_ && !stopped()) Dial(now);
}

void Session::CheckSilence(BootTime now) {
  if (!live_ || now < live_->give_up) return;
  if (!live_->lapsed && now - live_->give_up > OversleepSlack(live_->timeout)) {
    live_->lapsed = true;
    live_->give_up = now + live_->timeout;
    live_->next_ping = now;
    last_error_ = Error{"LAPSED", "this process did not run for longer than its timeout"};
    return Lose();
  }
  Cancel(live_->id);
  const bool told = live_->lapsed;
  live_.reset();
  if (goodbye_deadline_) return Stop("SAID_GOODBYE", "the server did not confirm it");
  last_error_ = Error{"SERVER_SILENT", "no pong within the timeout"};
  if (!told) Lose();
  if (!attempt_ && !next_attempt_) next_attempt_ = now + backoff_.Next();
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
  if (live_) next = std::min({next, live_->give_up, goodbye_deadline_ ? next : live_->next_ping});
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
