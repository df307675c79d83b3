#include "server/registry/conditions/witness.h"

#include <utility>

#include "common/saturating.h"

namespace liveness::registry {

using core::CanaryDoubt;
using core::Duration;
using core::MonoTime;
using Kind = WitnessEvent::Kind;

namespace {

// Shorter stalls and doubts are counted, and not worth a line of the log.
constexpr Duration kToldStall = std::chrono::milliseconds(500);

}  // namespace

Witness::Observation Witness::Observe(MonoTime expected, MonoTime now, Effects& effects) {
  // The detector's own lateness first, because what it proves needs no other witness.
  const Duration stood = witness_clock_.Observe(expected, now);
  if (stood > Duration::zero()) CountStall();
  if (stood >= kToldStall) effects.witness.push_back({Kind::kStalled, stood, ""});

  const common::BootTime boot = clock_.Boot();
  const Duration slept = suspends_.Observe(boot, clock_.Mono());
  if (slept > Duration::zero()) {
    CountStall();
    effects.witness.push_back({Kind::kSuspended, slept, ""});
  }
  const bool settles = suspends_.IsSettling(now);
  if (settles) settling_ += witness_clock_.Credit(last_tick_, now);
  last_tick_ = now;

  const bool doubts = HeedCanary(now, effects);
  return {doubts || settles, NewlyCaughtUp()};
}

bool Witness::HeedCanary(MonoTime now, Effects& effects) {
  const CanaryDoubt before = canary_.state();
  const std::int64_t doubts = canary_.doubts();
  pulses_.Read(pulses_read_);
  const bool time_stands = canary_.Assess(pulses_read_, now, witness_clock_);
  if (canary_.doubts() != doubts) CountStall();
  const CanaryDoubt after = canary_.state();
  doubt_.store(after, std::memory_order_relaxed);
  hears_nobody_.store(canary_.hears_nobody(), std::memory_order_relaxed);
  if (after != CanaryDoubt::kNone && !told_doubt_ &&
      (canary_.spent() >= kToldStall || after == CanaryDoubt::kSpent)) {
    told_doubt_ = true;
    effects.witness.push_back({Kind::kDoubtBegan, canary_.spent(), ""});
  }
  if (after == before) return time_stands;
  if (after == CanaryDoubt::kSpent) effects.witness.push_back({Kind::kDoubtSpent, canary_.spent(), ""});
  if (after == CanaryDoubt::kNone && std::exchange(told_doubt_, false)) {
    effects.witness.push_back({Kind::kDoubtEnded, canary_.spent(), ""});
  }
  return time_stands;
}

std::optional<MonoTime> Witness::NewlyCaughtUp() {
  MonoTime caught_up = MonoTime::max();
  for (const core::Pulse& pulse : pulses_read_) {
    const bool watched = pulse.sent != core::Pulse::kNever || pulse.caught_up != core::Pulse::kNever;
    if (watched) caught_up = std::min(caught_up, pulse.caught_up);
  }
  if (caught_up <= caught_up_ || caught_up == MonoTime::max()) return std::nullopt;
  caught_up_ = caught_up;
  return caught_up;
}

Duration Witness::StoodWithin(Duration window, MonoTime now) const {
  // All of the window counts, whatever was heard in it: pings that waited are read before the close that
  // followed them, and that close may have waited as long.
  const Duration lag = canary_.LagAt(now);
  const Duration span = common::SaturatingAdd(window, lag);
  const MonoTime since = common::SaturatingSub(now, span);
  // Time does not stand while the lag is steady, but our pongs were late by the lag all the same.
  Duration stood = std::max(span - witness_clock_.Elapsed(since, now), lag);
  // What the machine slept is no time on this clock, but it was time for the client.
  const common::BootTime boot = clock_.Boot();
  stood += suspends_.SleptSince(since) + suspends_.SleptUnseen(boot, clock_.Mono());
  // Right after a stall the detector may not have run yet.
  return stood + std::max(Duration::zero(), now - std::max(last_tick_, since));
}

WitnessTotals Witness::totals() const {
  return {.canary_credited = canary_.credited(),
          .canary_doubts = canary_.doubts(),
          .canary_episodes = canary_.episodes(),
          .in_doubt = canary_.in_doubt(),
          .doubt = canary_.state(),
          .suspends = suspends_.count(),
          .suspended = suspends_.total(),
          .settling = settling_};
}

}  // namespace liveness::registry
