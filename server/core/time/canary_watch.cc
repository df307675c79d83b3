#include "server/core/time/canary_watch.h"

#include <algorithm>
#include <utility>

namespace liveness::core {

using common::Duration;
using common::MonoTime;

bool CanaryWatch::Assess(std::span<const Pulse> pulses, MonoTime now, WitnessClock& witness) {
  queues_.resize(pulses.size());
  const Duration stood = witness.credited() - credited_;
  const bool was_in_doubt = in_doubt_;
  MonoTime from = now;
  bool proven = true;  // the ping of every doubt has been heard since
  in_doubt_ = hears_nobody_ = false;
  const Duration lag_before = std::exchange(lag_, Duration::zero());
  for (std::size_t i = 0; i < pulses.size(); ++i) {
    const Pulse& pulse = pulses[i];
    Queue& queue = queues_[i];
    Follow(queue, pulse, now, stood);
    if (!queue.unheard.empty()) {
      const Ping& oldest = queue.unheard.front();
      const Duration waits = (now - oldest.sent) - (stood - oldest.stood);
      const Duration overdue = waits - queue.lag;
      if (overdue > kTolerance) {
        in_doubt_ = true;
        lag_ = std::max(lag_, waits);
        if (state_ == CanaryDoubt::kSpent && pulse.heard < oldest.sent) hears_nobody_ = true;
        if (!queue.in_doubt) {
          queue.in_doubt = true;
          queue.doubted = oldest.sent;
          ++doubts_;
          const MonoTime due = now - overdue;
          from = std::min(from, std::clamp(pulse.heard, due - kPeriod, due));
        }
      }
    }
    if (queue.doubted != Pulse::kNever) proven = false;
    if (queue.lag > kTolerance) lag_ = std::max(lag_, queue.lag);
  }
  if (lag_before > Duration::zero() || lag_ > Duration::zero()) {
    worst_lag_ = std::max(lag_before == Duration::zero() ? Duration::zero() : worst_lag_, lag_);
    lagged_until_ = now;
  }
  // Time stood since the last look if a queue was in doubt then, because a doubt that has ended did so after
  // it.
  if (was_in_doubt) from = std::min(from, last_look_);
  last_look_ = now;
  stood_ = stood;

  if (in_doubt_ && state_ == CanaryDoubt::kNone) {
    state_ = CanaryDoubt::kCredited;
    spent_ = Duration::zero();
    ++episodes_;
  }
  if (from < now) {
    last_doubt_ = now;
    if (state_ == CanaryDoubt::kCredited) Credit(from, now, witness);
  }
  if (!in_doubt_ && proven && state_ != CanaryDoubt::kNone && witness.Elapsed(last_doubt_, now) >= spent_) {
    state_ = CanaryDoubt::kNone;
  }
  if (state_ == CanaryDoubt::kSpent) lag_ = Duration::zero();
  return in_doubt_ && state_ == CanaryDoubt::kCredited;
}

// Takes note of what was sent and heard since the last look.
void CanaryWatch::Follow(Queue& queue, const Pulse& pulse, MonoTime now, Duration stood) {
  if (queue.doubted != Pulse::kNever && pulse.caught_up >= queue.doubted) queue.doubted = Pulse::kNever;
  if (pulse.sent == Pulse::kNever) {  // what was under way is never heard
    queue.unheard.clear();
    queue.in_doubt = false;
  } else if (pulse.sent != queue.seen && queue.unheard.size() < kMaxUnheard) {
    // A stall that other witnesses have told of since the last look is taken to have lasted until now.
    const Duration since_sent = std::max(now - pulse.sent, Duration::zero());
    queue.unheard.push_back({pulse.sent, stood - std::min(stood - stood_, since_sent)});
  }
  queue.seen = pulse.sent;

  bool heard = false;
  Duration waited{};
  for (; !queue.unheard.empty() && queue.unheard.front().sent <= pulse.caught_up; queue.unheard.pop_front()) {
    heard = true;
    waited = (now - queue.unheard.front().sent) - (stood - queue.unheard.front().stood);
  }
  if (!heard) return;
  // A doubt's lag has been credited in full. A growth that was tolerated has not, so the next growth counts
  // from the smaller lag.
  queue.lag = std::exchange(queue.in_doubt, false) ? waited : std::min(queue.lag, waited);
}

void CanaryWatch::Credit(MonoTime from, MonoTime now, WitnessClock& witness) {
  const Duration left = max_doubt_ - spent_;
  const Duration added = witness.Credit(std::max(from, now - left), now);
  spent_ += added;
  credited_ += added;
  if (spent_ >= max_doubt_) state_ = CanaryDoubt::kSpent;
}

}  // namespace liveness::core
