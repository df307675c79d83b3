#include "client/src/session/open_streams.h"

#include <algorithm>
#include <chrono>

namespace liveness::internal {
namespace {

using namespace std::chrono_literals;
using common::BootTime;

// A refusal comes sooner; what takes longer to fail was lost.
constexpr common::Duration kRefusalTakes = 1s;

}  // namespace

BootTime OpenStreams::alive_until() const {
  if (!live_) return {};
  if (!attempt_ || !attempt_->hello_sent) return live_->alive_until;
  // The other server may have the session already, and counts from the hello then:
  // what the old one answers is worth nothing beyond that.
  return std::min(live_->alive_until, *attempt_->hello_sent + live_->timeout);
}

bool OpenStreams::OthersMayHaveSession() const {
  return (attempt_ && attempt_->hello_sent) || races_.MayHaveSession();
}

StreamId OpenStreams::Open(std::size_t target, int haste) {
  actions_.push_back({Action::Kind::kDial, ++last_stream_, target, 0, haste});
  return last_stream_;
}

void OpenStreams::Dial(BootTime now, std::size_t target, int haste, Duration patience, bool with_token) {
  attempt_ = Attempt{Open(target, haste), target, now, now + patience, with_token};
}

bool OpenStreams::DialBeside(BootTime now, LiveStream* raced_for) {
  const Race::Choice choice = races_.Look(now, raced_for);
  if (!choice.opens) return false;
  if (choice.drop) DropRunner(*choice.drop);
  races_.race().Add(now, Open(races_.race().target(), 0));
  return true;
}

void OpenStreams::SendPing(BootTime now) {
  actions_.push_back({Action::Kind::kPing, live_->id, 0, live_->SendPing(now)});
}

void OpenStreams::SendGoodbye() { actions_.push_back({Action::Kind::kGoodbye, live_->id}); }

std::optional<std::uint32_t> OpenStreams::OnHelloSent(StreamId stream, BootTime now) {
  if (Race::Runner* runner = races_.Find(stream)) {
    runner->hello_sent = now;
    return runner->hello = hellos_.Next();
  }
  if (!attempt_ || attempt_->id != stream) return std::nullopt;
  attempt_->hello_sent = now;
  // A server that does not answer must not cost us the one that does.
  if (live_) attempt_->deadline = std::min(attempt_->deadline, now + live_->timeout / 2);
  return attempt_->hello = hellos_.Next();
}

std::optional<std::size_t> OpenStreams::OnWelcome(StreamId stream, BootTime now, const Terms& terms,
                                                  std::optional<Duration> vouched_for) {
  const Race::Runner* runner = races_.Find(stream);
  const bool attempted = attempt_ && attempt_->id == stream;
  if (!runner && !attempted) return std::nullopt;
  LiveStream live;
  live.id = stream;
  live.target = attempted ? attempt_->target : races_.race().target();
  const std::optional<BootTime> hello_sent = attempted ? attempt_->hello_sent : runner->hello_sent;
  if (hello_sent) races_.OnWelcome(now - *hello_sent);
  live.Welcomed(now, terms, hello_sent, vouched_for);
  if (attempted) attempt_.reset();
  if (runner) TakeRunner(stream);
  DropAll();
  live_ = std::move(live);
  return live_->target;
}

bool OpenStreams::IsRefusal(const Race::Runner& runner, BootTime now, const StreamEnd& end) const {
  const bool overtaken = end.replaced() || (end.reason == "STALE_HELLO" && !hellos_.IsNewest(runner.hello));
  const bool lost = end.reason.empty() && now >= runner.opened + kRefusalTakes;
  return !overtaken && !lost;
}

LiveStream OpenStreams::TakeLive() { return *std::exchange(live_, std::nullopt); }

Attempt OpenStreams::TakeAttempt() {
  // What the attempt's hello took off stays off until the old server answers once more.
  if (live_) live_->alive_until = alive_until();
  return *std::exchange(attempt_, std::nullopt);
}

Race::Runner OpenStreams::TakeRunner(StreamId stream) {
  const Race::Runner runner = *races_.Find(stream);
  races_.race().Remove(stream);
  return runner;
}

LiveStream OpenStreams::DropLive() {
  if (writable()) Cancel(live_->id);
  return TakeLive();
}

Attempt OpenStreams::DropAttempt() {
  Cancel(attempt_->id);
  return TakeAttempt();
}

Race::Runner OpenStreams::DropRunner(StreamId stream) {
  Cancel(stream);
  return TakeRunner(stream);
}

void OpenStreams::DropRace() {
  for (const StreamId stream : races_.End()) Cancel(stream);
}

void OpenStreams::DropAll() {
  if (live_) DropLive();
  if (attempt_) DropAttempt();
  DropRace();
}

std::vector<Action> OpenStreams::TakeActions() { return std::exchange(actions_, {}); }

}  // namespace liveness::internal
