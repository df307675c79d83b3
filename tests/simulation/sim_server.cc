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
      registry_(std::move(options), clock_, store_),
      last_tick_(clock_.Mono()) {
  registry_.OnEarlierDeadline([this](MonoTime when) { due_ = std::min(due_, std::max(when, now())); });
}

void SimServer::AdvanceTo(MonoTime when) {
  if (!stopped_) {
    // `due_` may be far beyond what can be added to.
    while (Wake() <= when && Wake() + late_ <= when) {
      const MonoTime expected = Wake();
      clock_.Advance(std::max(Duration::zero(), expected + late_ - now()));
      Tick(expected);
      after_tick_();
    }
    // Also before a wake that is late: it slept at most one period until that was due.
    if (const MonoTime until = std::min(when, Wake()); until - last_tick_ > kPeriod) {
      const MonoTime idle = std::max(now(), until - random_.Between(Duration::zero(), kPeriod));
      clock_.Advance(idle - now());
      Tick(idle);
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
  truth_.EndStall(now());
  Tick(expected_);
}

void SimServer::Tick(MonoTime expected) {
  due_ = registry_.Tick(expected, now());
  last_tick_ = now();
  late_ = random_.Chance(20) ? random_.Between(Duration::zero(), kLateness) : Duration::zero();
}

}  // namespace liveness::simulation
