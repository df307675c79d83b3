#include "server/registry/detector_thread.h"

#include <algorithm>

#include "common/thread_name.h"
#include "server/registry/conditions/work_slice.h"

namespace liveness::registry {

using common::MonoTime;
using common::MutexLock;

DetectorThread::DetectorThread(Registry& registry, const common::Clock& clock)
    : registry_(registry), clock_(clock), last_tick_(clock.Mono().time_since_epoch().count()) {
  registry_.OnEarlierDeadline([this](MonoTime when) {
    MutexLock lock(mu_);
    if (when >= wake_at_) return;
    wake_at_ = when;
    changed_.NotifyOne();
  });
}

void DetectorThread::Start() {
  thread_ = std::thread([this] { Run(); });
}

void DetectorThread::Stop() {
  if (!thread_.joinable()) return;
  {
    MutexLock lock(mu_);
    stopping_ = true;
    changed_.NotifyOne();
  }
  thread_.join();
}

void DetectorThread::Run() {
  common::NameThisThread("live-detector");
  MonoTime expected = clock_.Mono();
  while (true) {
    const MonoTime now = clock_.Mono();
    {
      // Before the tick: a deadline that moves during it must not be lost.
      MutexLock lock(mu_);
      wake_at_ = MonoTime::max();
    }
    const MonoTime next = registry_.Tick(expected, now);
    if (next <= now) WorkSlice::LetOthersIn();
    MutexLock lock(mu_);
    const MonoTime ended = clock_.Mono();
    last_tick_.store(ended.time_since_epoch().count(), std::memory_order_relaxed);
    wake_at_ = std::min({wake_at_, next, ended + kPeriod});
    while (!stopping_) {
      const MonoTime until = wake_at_;
      const MonoTime before = clock_.Mono();
      if (until <= before) break;
      changed_.WaitFor(mu_, until - before);
    }
    if (stopping_) return;
    expected = std::max(wake_at_, now);
  }
}

}  // namespace liveness::registry
