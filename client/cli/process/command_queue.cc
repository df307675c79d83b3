#include "client/cli/process/command_queue.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

namespace liveness::cli {

CommandQueue::CommandQueue(int parallel, common::Duration timeout, const sigset_t& mask, OnFailure on_failure)
    : timeout_(timeout),
      mask_(mask),
      on_failure_(std::move(on_failure)),
      stop_fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  for (int i = 0; i < parallel; ++i) threads_.emplace_back([this] { Work(); });
}

CommandQueue::~CommandQueue() {
  Stop();
  close(stop_fd_);
}

void CommandQueue::Put(Job job) {
  common::MutexLock lock(mu_);
  while (!stopped_ && waiting_.size() >= kMostWaiting) changed_.Wait(mu_);
  if (stopped_) {
    ++dropped_;
    return;
  }
  waiting_.push_back(std::move(job));
  changed_.NotifyAll();
}

void CommandQueue::Interrupt() {
  common::MutexLock lock(mu_);
  stopped_ = true;
  eventfd_write(stop_fd_, 1);
  changed_.NotifyAll();
}

std::size_t CommandQueue::Stop() {
  Interrupt();
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
  common::MutexLock lock(mu_);
  return dropped_ + waiting_.size();
}

std::deque<CommandQueue::Job>::iterator CommandQueue::NextLocked() {
  return std::find_if(waiting_.begin(), waiting_.end(), [this](const Job& job) {
    common::AssertHeld(mu_);
    return busy_.count(job.key) == 0;
  });
}

void CommandQueue::Work() {
  for (;;) {
    Job job;
    {
      common::MutexLock lock(mu_);
      while (!stopped_ && NextLocked() == waiting_.end()) changed_.Wait(mu_);
      if (stopped_) return;
      const auto next = NextLocked();
      job = std::move(*next);
      waiting_.erase(next);
      busy_.insert(job.key);
      changed_.NotifyAll();
    }
    const std::string how = RunShellCommand(job.command, mask_, timeout_, stop_fd_);
    if (!how.empty()) on_failure_(job, how);
    common::MutexLock lock(mu_);
    busy_.erase(job.key);
    changed_.NotifyAll();
  }
}

}  // namespace liveness::cli
