#include "server/core/canary_watch.h"

#include <algorithm>

namespace liveness::core {

using common::Duration;
using common::MonoTime;

bool CanaryWatch::Assess(std::span<const Pulse> pulses, MonoTime now, WitnessClock& witness) {
  doubted_.resize(pulses.size(), Pulse::kNever);
  const bool was_in_doubt = in_doubt_;
  MonoTime from = now;
  bool proven = true;  // of all that was doubted, what could be heard was
  in_doubt_ = false;
  for (std::size_t i = 0; i < pulses.size(); ++i) {
    const Pulse& pulse = pulses[i];
    MonoTime& doubted = doubted_[i];
    if (doubted != Pulse::kNever && pulse.heard >= doubted) doubted = Pulse::kNever;
    const bool stands = doubted != Pulse::kNever && pulse.sent == doubted;
    if (!stands && pulse.sent != Pulse::kNever && pulse.heard < pulse.sent) {
      // While another queue stops the clock it cannot measure this one.
      const Duration waits = was_in_doubt ? now - pulse.sent : witness.Elapsed(pulse.sent, now);
      if (waits > kTolerance) {
        doubted = pulse.sent;
        ++doubts_;
        from = std::min(from, std::max(pulse.heard, pulse.sent - kPeriod));
      }
    }
    if (doubted == Pulse::kNever) continue;
    proven = false;
    if (doubted == pulse.sent) in_doubt_ = true;
  }
  // A doubt that ended did so after the last look.
  if (was_in_doubt) from = std::min(from, last_look_);
  last_look_ = now;

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
  return in_doubt_ && state_ == CanaryDoubt::kCredited;
}

void CanaryWatch::Credit(MonoTime from, MonoTime now, WitnessClock& witness) {
  const Duration left = max_doubt_ - spent_;
  const Duration added = witness.Credit(std::max(from, now - left), now);
  spent_ += added;
  credited_ += added;
  if (spent_ >= max_doubt_) state_ = CanaryDoubt::kSpent;
}

}  // namespace liveness::core
