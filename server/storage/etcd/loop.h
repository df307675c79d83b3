// The one thread on which all talk with etcd happens: it drains a completion
// queue, so that none of what runs on it needs a lock, and ticks.
//
// Wake() may come from any thread; all else belongs to the loop's own, once it runs.
#pragma once

#include <atomic>
#include <functional>
#include <thread>

#include <grpcpp/alarm.h>
#include <grpcpp/completion_queue.h>

#include "absl/container/flat_hash_set.h"
#include "common/clock.h"
#include "common/mutex.h"

namespace liveness::storage::etcd {

// A call to etcd, or what else the queue hands back. See call.h.
class Completion {
 public:
  // To be passed with an operation. The atomic hands over what was written before
  // it: gRPC does so too, but with locks that a thread sanitizer cannot see in
  // Debian's library.
  void* Arm() {
    armed_.store(true, std::memory_order_release);
    return this;
  }
  void Fire(bool ok) {
    (void)armed_.load(std::memory_order_acquire);
    Run(ok);
  }

 protected:
  ~Completion() = default;
  // May destroy the object.
  virtual void Run(bool ok) = 0;

 private:
  std::atomic<bool> armed_{false};
};

class Loop;

// What the loop can cut short, and waits for before it ends.
class Cancellable {
 public:
  explicit Cancellable(Loop& loop);
  virtual void Cancel() = 0;

 protected:
  virtual ~Cancellable();
  Loop& loop_;
};

class Loop {
 public:
  static constexpr common::Duration kTick = std::chrono::milliseconds(50);

  explicit Loop(const common::Clock& clock) : clock_(clock), wake_(this) {}
  // REQUIRES: joined, or never started.
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // `turn` runs after each event and each Wake(), `tick` every kTick. If this thread stood still, what came
  // meanwhile is run first, and `tick` is told for how long: it is no silence of etcd's.
  void Start(std::function<void()> turn, std::function<void(common::Duration stood)> tick);
  // Runs `turn` soon. Cheap; any thread.
  void Wake();
  // Cancels all calls, waits for their ends and joins the thread. Nothing runs any more after it.
  // REQUIRES: not on the loop's thread.
  void Join();

  // Cancels every call that is under way now. Their ends are told.
  void CancelAll();
  // Join() was called: start no call.
  bool ending() const { return ending_.load(std::memory_order_acquire); }

  grpc::CompletionQueue& queue() { return queue_; }
  common::MonoTime now() const { return clock_.Mono(); }
  common::WallTime wall() const { return clock_.Wall(); }
  const common::Clock& clock() const { return clock_; }

 private:
  friend class Cancellable;
  class WakeUp final : public Completion {
   public:
    explicit WakeUp(Loop* loop) : loop_(loop) {}

   private:
    void Run(bool ok) override;
    Loop* const loop_;
  };

  void Run();

  const common::Clock& clock_;
  grpc::CompletionQueue queue_;
  std::function<void()> turn_;
  std::function<void(common::Duration stood)> tick_;
  std::thread thread_;
  absl::flat_hash_set<Cancellable*> calls_;
  std::atomic<bool> ending_{false};

  common::Mutex mu_;
  bool wake_set_ ABSL_GUARDED_BY(mu_) = false;
  bool closed_ ABSL_GUARDED_BY(mu_) = true;  // the queue takes no alarm
  grpc::Alarm alarm_ ABSL_GUARDED_BY(mu_);
  WakeUp wake_;
};

}  // namespace liveness::storage::etcd
