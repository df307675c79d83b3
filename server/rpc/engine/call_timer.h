// Ends calls that wait too long: for their request or for room for their answer, which
// is their peer's doing, or for work that others do for them. One timer per queue, with one
// alarm for all calls of the queue.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include <grpcpp/alarm.h>
#include <grpcpp/completion_queue.h>

#include "common/clock.h"
#include "common/mutex.h"
#include "server/rpc/engine/call_patience.h"
#include "server/rpc/engine/tag.h"
#include "server/rpc/engine/wait_list.h"

namespace liveness::rpc {

// Thread-safe.
class CallTimer {
 public:
  enum class Wait : std::uint8_t { kRequest, kNextRequest, kOutcome, kAnswer };

  // A call. Waits for one thing at a time.
  class Waiter : private WaitList::Entry {
   public:
    // The wait took too long. On the queue's thread, under no lock; another thread may meanwhile have started
    // another wait, or stopped this one.
    virtual void Overdue(Wait wait) = 0;

   protected:
    ~Waiter() = default;
    // Keeps the call alive. Null if it is being destroyed.
    virtual std::shared_ptr<Waiter> Hold() = 0;

   private:
    friend class CallTimer;
  };

  // An alarm that fires this late says that this server did not run: what clients sent
  // meanwhile may not have been read, so that nobody is found overdue.
  static constexpr common::Duration kLate = std::chrono::seconds(1);
  // How many waits are ended before the queue's other calls have their turn.
  static constexpr std::size_t kEndedAtOnce = 64;

  CallTimer(grpc::CompletionQueue& cq, const CallPatience& patience);
  CallTimer(const CallTimer&) = delete;
  CallTimer& operator=(const CallTimer&) = delete;

  // `waiter` waits for this from now on, and no longer for anything else. REQUIRES: the queue is not shut
  // down.
  void Start(Waiter& waiter, Wait wait);
  // `waiter` waits for nothing any more. To be called before it is destroyed.
  void Stop(Waiter& waiter);

  // Nobody waits any more, nor will: the queue may be shut down. The timer is kept
  // until the queue is drained.
  void Shutdown();

 private:
  void OnAlarm(bool ok);
  // For the first that is due, but not before `least` from now.
  void Arm(common::Duration least) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  grpc::CompletionQueue& cq_;
  common::Mutex mu_;
  std::array<WaitList, 4> lists_ ABSL_GUARDED_BY(mu_);  // by Wait
  grpc::Alarm alarm_ ABSL_GUARDED_BY(mu_);
  bool armed_ ABSL_GUARDED_BY(mu_) = false;
  bool over_ ABSL_GUARDED_BY(mu_) = false;
  common::MonoTime armed_for_ ABSL_GUARDED_BY(mu_){};
  MemberTag<CallTimer, &CallTimer::OnAlarm> tag_{this};
};

}  // namespace liveness::rpc
