#include "tests/simulation/sim_server.h"

#include <algorithm>
#include <utility>

namespace liveness::simulation {

SimServer::SimServer(registry::RegistryOptions options, Random& random, Truth& truth,
                     std::function<void()> after_tick)
    : random_(random),
      truth_(truth),
      after_tick_(std::move(after_tick)),
      store_(clock_),
      registry_(std::move(options), clock_, store_, *store_.Load()),
      next_beat_(clock_.Mono()),
      last_tick_(clock_.Mono()) {
  registry_.OnEarlierDeadline([this](MonoTime when) { due_ = std::min(due_, std::max(when, now())); });
}

void SimServer::AdvanceTo(MonoTime when) {
  while (!stopped_) {
    // `due_` may be far beyond what can be added to.
    if (Wake() <= when && Wake() + late_ <= when) {
      const MonoTime expected = Wake();
      clock_.Advance(std::max(Duration::zero(), expected + late_ - now()));
      Tick(expected);
      after_tick_();
    } else if (const MonoTime quiet = std::min(when, Wake()); quiet - last_tick_ > kPeriod) {
      const MonoTime idle = std::max(now(), quiet - random_.Between(Duration::zero(), kPeriod));
      clock_.Advance(idle - now());
      Tick(idle);
    } else {
      break;
    }
  }
  clock_.Advance(std::max(Duration::zero(), when - now()));
}

void SimServer::Stop() {
  stopped_ = true;
  expected_ = std::min(Wake(), now() + random_.Between(Duration::zero(), kPeriod));
  truth_.BeginStall(now());
}

void SimServer::CatchUp() {
  stopped_ = false;
  next_beat_ = std::max(next_beat_, now());
  truth_.EndStall(now());
  Tick(expected_);
}

void SimServer::Freeze(bool lies) {
  Beat();
  frozen_ = true;
  lies_ = lies;
  truth_.BeginFreeze(now());
}

void SimServer::Thaw() {
  // The detector looked at the queue a moment ago, as it does each 10 ms.
  Tick(now());
  frozen_ = false;
  truth_.EndFreeze(now());
  Beat();
}

void SimServer::Beat() {
  registry::QueuePulses::Queue& queue = registry_.pulses().at(0);
  const core::Pulse last = queue.Read();
  const bool waits = last.heard < last.sent;
  if (waits && (!frozen_ || lies_)) queue.Heard(now());
  if ((waits && !lies_) || now() < next_beat_) return;
  // It was sent at some time since it was due, and heard at once.
  const MonoTime sent = frozen_ ? next_beat_ : now();
  queue.Sent(sent);
  if (!frozen_ || lies_) queue.Heard(now());
  next_beat_ = now() + core::CanaryWatch::kPeriod;
}

void SimServer::Tick(MonoTime expected) {
  Beat();
  due_ = registry_.Tick(expected, now());
  last_tick_ = now();
  late_ = random_.Chance(20) ? random_.Between(Duration::zero(), kLateness) : Duration::zero();
}

}  // namespace liveness::simulation
