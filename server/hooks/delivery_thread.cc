#include "server/hooks/delivery_thread.h"

#include <utility>

namespace liveness::hooks {

void DeliveryThread::Send(HookConfigPtr hook, EventPtr event, Done done) {
  Command command{.hook = std::move(hook), .event = std::move(event), .done = std::move(done)};
  if (!Tell(command)) command.done({.result = Result::kCancelled});
}

void DeliveryThread::Cancel(const std::string& name) {
  Command command{.cancelled = name};
  (void)Tell(command);
}

void DeliveryThread::Stop() {
  std::thread thread;
  {
    common::MutexLock lock(mu_);
    stopped_ = true;
    thread.swap(thread_);
    if (thread.joinable()) Wake();
  }
  if (thread.joinable()) thread.join();
}

DeliveryThread::Told DeliveryThread::Take() {
  common::MutexLock lock(mu_);
  return {std::exchange(commands_, {}), stopped_};
}

bool DeliveryThread::Tell(Command& command) {
  common::MutexLock lock(mu_);
  if (stopped_) return false;
  const bool sends = command.cancelled.empty();
  if (!thread_.joinable()) {
    if (!sends) return true;  // nothing was ever sent
    thread_ = std::thread([this] { Run(); });
  }
  commands_.push_back(std::move(command));
  Wake();
  return true;
}

}  // namespace liveness::hooks
