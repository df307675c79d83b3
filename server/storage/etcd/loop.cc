#include "server/storage/etcd/loop.h"

#include <utility>

#include <grpc/support/time.h>

namespace liveness::storage::etcd {
namespace {

// A tick that comes later than this shows that the thread did not run.
constexpr std::chrono::milliseconds kStandstill(250);
// Events that are run before the tick then.
constexpr int kCatchUp = 100;

// gRPC counts a span from its own monotonic clock.
gpr_timespec FromNow(common::Duration span) { return gpr_time_from_nanos(span.count(), GPR_TIMESPAN); }

}  // namespace

Cancellable::Cancellable(Loop& loop) : loop_(loop) { loop_.calls_.insert(this); }
Cancellable::~Cancellable() { loop_.calls_.erase(this); }

Loop::~Loop() {
  if (thread_.joinable()) Join();
}

void Loop::Start(std::function<void()> turn, std::function<void(common::Duration stood)> tick) {
  turn_ = std::move(turn);
  tick_ = std::move(tick);
  {
    common::MutexLock lock(mu_);
    closed_ = false;
  }
  thread_ = std::thread([this] { Run(); });
}

void Loop::Wake() {
  common::MutexLock lock(mu_);
  if (wake_set_ || closed_) return;
  wake_set_ = true;
  alarm_.Set(&queue_, FromNow(common::Duration::zero()), wake_.Arm());
}

void Loop::WakeUp::Run(bool) {
  common::MutexLock lock(loop_->mu_);
  loop_->wake_set_ = false;
}

void Loop::CancelAll() {
  for (Cancellable* call : calls_) call->Cancel();
}

void Loop::Join() {
  ending_.store(true, std::memory_order_release);
  Wake();
  thread_.join();
}

void Loop::Run() {
  common::MonoTime next_tick = now();
  const auto step = [&](common::Duration patience) {
    void* tag = nullptr;
    bool ok = false;
    const auto what = queue_.AsyncNext(&tag, &ok, FromNow(patience));
    if (what == grpc::CompletionQueue::GOT_EVENT) static_cast<Completion*>(tag)->Fire(ok);
    return what;
  };
  while (!ending()) {
    if (const common::Duration late = now() - next_tick; late >= common::Duration::zero()) {
      const bool stood = late > kStandstill;
      for (int n = 0; stood && n < kCatchUp && step({}) == grpc::CompletionQueue::GOT_EVENT; ++n) turn_();
      next_tick = now() + kTick;
      tick_(stood ? late : common::Duration::zero());
    }
    step(next_tick - now());
    turn_();
  }
  // To start an operation on a queue that is shut down ends the process: first all calls must be over,
  // those too that the end of one begins.
  while (!calls_.empty()) {
    CancelAll();
    step(kTick);
  }
  {
    common::MutexLock lock(mu_);
    closed_ = true;
  }
  queue_.Shutdown();
  while (step(kTick) != grpc::CompletionQueue::SHUTDOWN) {
  }
}

}  // namespace liveness::storage::etcd
