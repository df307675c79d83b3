#include "server/registry/publisher_thread.h"

#include "common/thread_name.h"
#include "common/thread_priority.h"

namespace liveness::registry {

using common::MutexLock;

PublisherThread::PublisherThread(Registry& registry) : registry_(registry) {
  registry_.OnPending([this] {
    MutexLock lock(mu_);
    if (pending_) return;
    pending_ = true;
    changed_.NotifyOne();
  });
  thread_ = std::thread([this] { Run(); });
}

PublisherThread::~PublisherThread() {
  {
    MutexLock lock(mu_);
    stopping_ = true;
    changed_.NotifyOne();
    stopped_.NotifyOne();
  }
  thread_.join();
}

void PublisherThread::Run() {
  common::NameThisThread("live-publisher");
  common::LowerThisThreadsPriority();
  while (true) {
    bool stopping;
    {
      MutexLock lock(mu_);
      while (!pending_ && !stopping_) changed_.Wait(mu_);
      pending_ = false;
      stopping = stopping_;
    }
    while (registry_.PublishPending()) {
    }
    MutexLock lock(mu_);
    if (stopping) return;
    if (!stopping_) stopped_.WaitFor(mu_, kPause);
  }
}

}  // namespace liveness::registry
