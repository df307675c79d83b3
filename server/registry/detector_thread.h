// The thread that finds silence: it calls Registry::Tick when something is due.
//
// The thread also wakes every few milliseconds when nothing is due, and tells by how much it was late.
// Thereby a stop or a starvation of this process is noticed before any client is judged
// (server/core/time/witness_clock.h).
#pragma once

#include <atomic>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "common/clock.h"
#include "common/mutex.h"
#include "server/registry/registry.h"

namespace liveness::registry {

class DetectorThread {
 public:
  // Bounds what is missed of each stall; 100 wakes a second cost about 0.1 % of a core.
  static constexpr auto kPeriod = std::chrono::milliseconds(10);

  // Both outlive it. Sets the registry's OnEarlierDeadline.
  DetectorThread(Registry& registry, const common::Clock& clock);
  // Stops.
  ~DetectorThread() { Stop(); }
  // Once. REQUIRES: the registry's store has started, for what is found is proposed to it.
  void Start();
  // Joins the thread: no silence is found any more, and nobody told of it. The registry may still ask to be
  // called sooner. From one thread.
  void Stop();

  // When the last tick ended: if that is older than a few periods, the thread hangs. Any thread.
  common::MonoTime last_tick() const {
    return common::MonoTime(common::Duration(last_tick_.load(std::memory_order_relaxed)));
  }

 private:
  void Run();

  Registry& registry_;
  const common::Clock& clock_;
  std::atomic<common::Duration::rep> last_tick_;
  common::Mutex mu_;
  common::CondVar changed_;
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  common::MonoTime wake_at_ ABSL_GUARDED_BY(mu_) = common::MonoTime::max();
  std::thread thread_;  // last: it uses all the others
};

}  // namespace liveness::registry
