// Connections beside the silent one: what a session does with those that run. See session.h and races.h.
#include <optional>
#include <utility>

#include "client/src/session.h"
#include "client/src/stream_verdict.h"

namespace liveness::internal {
namespace {

using namespace std::chrono_literals;

// A refusal comes sooner; what takes longer to fail was lost.
constexpr Duration kRefusalTakes = 1s;

}  // namespace

const LiveStream* Session::RacedFor() const {
  const bool may = live_stream() && !live_->draining && !goodbye_deadline_ && !resume_token_.empty();
  return may ? &*live_ : nullptr;
}

void Session::CheckRace(BootTime now) {
  while (races_.on() && races_.race().Late(now)) {
    const StreamId late = *races_.race().Late(now);
    Cancel(late);
    OnRunnerFailed(now, late, {absl::StatusCode::kDeadlineExceeded, "", "no welcome in time", {}});
  }
  const Race::Choice choice = races_.Look(now, RacedFor() != nullptr ? &*live_ : nullptr);
  if (!choice.opens) return;
  if (choice.drop) {
    Cancel(*choice.drop);
    races_.race().Remove(*choice.drop);
  }
  const StreamId stream = ++last_stream_;
  ++counters_.attempts;
  races_.race().Add(now, stream);
  actions_.push_back({Action::Kind::kDial, stream, races_.race().target(), 0, 0});
  TellConnecting();
}

void Session::DropOthers(StreamId stream) {
  if (live_stream()) Cancel(live_->id);  // drained, or silent
  if (attempt_ && attempt_->id != stream) Cancel(attempt_->id);
  attempt_.reset();
  next_attempt_.reset();
  if (races_.on()) races_.race().Remove(stream);
  EndRace();
}

void Session::EndRace() {
  for (const StreamId stream : races_.End()) Cancel(stream);
}

void Session::OnRunnerFailed(BootTime now, StreamId stream, const StreamEnd& end) {
  const Race::Runner runner = *races_.Find(stream);
  races_.race().Remove(stream);
  if (live_ && live_->replaced && !HasOthers(stream)) {  // it had the session, and lost it again
    const bool told = live_->lapsed;
    live_.reset();
    last_error_ = Explain(end);
    if (!told && !goodbye_deadline_) Lose();
  }
  // Ended by a later one of ours, or lost on its way.
  const bool outrun = end.replaced() || (end.reason == "STALE_HELLO" && runner.hello != hellos_);
  if (outrun || (end.reason.empty() && now >= runner.opened + kRefusalTakes)) return;
  last_error_ = Explain(end);
  if (IsFinal(end, races_.race().target(), live_.has_value()))
    return Stop(last_error_->reason, last_error_->message);
  if (live_) return races_.race().Rest(now);
  // The server is there and does not want it now, or is not there. An attempt deals with that.
  const std::size_t target = races_.race().target();
  EndRace();
  if (goodbye_deadline_) return Stop("SAID_GOODBYE", "no server could be told");
  order_.Hold(target, now + RetryDelay(end));
  ComeBack(now, target);
}

bool Session::HasOthers(StreamId stream) const {
  if (live_ && !live_->replaced && live_->id != stream) return true;
  if (attempt_ && attempt_->id != stream && attempt_->hello_sent) return true;
  return races_.MayHaveSession(stream);
}

}  // namespace liveness::internal
