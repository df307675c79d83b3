// What this server's own troubles are worth to its clients. See registry.h.
#include <algorithm>
#include <utility>

#include "server/registry/records/effects.h"
#include "server/registry/registry.h"

namespace liveness::registry {

using common::MutexLock;
using core::CanaryDoubt;
using core::Duration;
using core::MonoTime;

namespace {

// Shorter stalls and doubts are counted, and not worth a line of the log.
constexpr Duration kToldStall = std::chrono::milliseconds(500);

}  // namespace

bool Registry::StandsStill(MonoTime expected, MonoTime now, Effects& effects) {
  // The detector's own lateness first: what it proves needs no other witness.
  const Duration stood = witness_.Observe(expected, now);
  if (stood > Duration::zero()) stalls_.fetch_add(1, std::memory_order_relaxed);
  if (stood >= kToldStall) effects.witness.push_back({WitnessEvent::Kind::kStalled, stood, ""});

  const common::BootTime boot = clock_.Boot();
  const Duration slept = suspends_.Observe(boot, clock_.Mono());
  if (slept > Duration::zero()) {
    stalls_.fetch_add(1, std::memory_order_relaxed);
    effects.witness.push_back({WitnessEvent::Kind::kSuspended, slept, ""});
  }
  const bool settles = suspends_.IsSettling(now);
  if (settles) settling_ += witness_.Credit(last_tick_, now);

  return HeedCanary(now, effects) || settles;
}

bool Registry::HeedCanary(MonoTime now, Effects& effects) {
  const CanaryDoubt before = canary_.state();
  const std::int64_t doubts = canary_.doubts();
  pulses_.Read(pulses_read_);
  const bool stands = canary_.Assess(pulses_read_, now, witness_);
  // A server that doubts itself asks for no more than that: what came before then has been heard on every
  // queue.
  MonoTime caught_up = MonoTime::max();
  for (const core::Pulse& pulse : pulses_read_) {
    const bool watched = pulse.sent != core::Pulse::kNever || pulse.caught_up != core::Pulse::kNever;
    if (watched) caught_up = std::min(caught_up, pulse.caught_up);
  }
  if (caught_up > caught_up_ && caught_up != MonoTime::max()) {
    caught_up_ = caught_up;
    self_doubt_.CanaryAnswered(caught_up, now);
  }
  if (canary_.doubts() != doubts) stalls_.fetch_add(1, std::memory_order_relaxed);
  const CanaryDoubt after = canary_.state();
  doubt_.store(after, std::memory_order_relaxed);
  hears_nobody_.store(canary_.hears_nobody(), std::memory_order_relaxed);
  if (after != CanaryDoubt::kNone && !told_doubt_ &&
      (canary_.spent() >= kToldStall || after == CanaryDoubt::kSpent)) {
    told_doubt_ = true;
    effects.witness.push_back({WitnessEvent::Kind::kDoubtBegan, canary_.spent(), ""});
  }
  if (after == before) return stands;
  if (after == CanaryDoubt::kSpent)
    effects.witness.push_back({WitnessEvent::Kind::kDoubtSpent, canary_.spent(), ""});
  if (after == CanaryDoubt::kNone && std::exchange(told_doubt_, false)) {
    effects.witness.push_back({WitnessEvent::Kind::kDoubtEnded, canary_.spent(), ""});
  }
  return stands;
}

WitnessTotals Registry::WitnessTotalsNow() const {
  return {.canary_credited = canary_.credited(),
          .canary_doubts = canary_.doubts(),
          .canary_episodes = canary_.episodes(),
          .in_doubt = canary_.in_doubt(),
          .doubt = canary_.state(),
          .suspends = suspends_.count(),
          .suspended = suspends_.total(),
          .settling = settling_};
}

void Registry::OnWitness(std::function<void(const WitnessEvent&)> tell) { tell_witness_ = std::move(tell); }

}  // namespace liveness::registry
