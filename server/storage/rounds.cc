#include "server/storage/rounds.h"

#include <utility>

namespace liveness::storage {

using common::MutexLock;

Rounds::Rounds(common::Duration pause, std::function<bool()> round)
    : pause_(pause), round_(std::move(round)), thread_([this] { Run(); }) {}

Rounds::~Rounds() {
  {
    MutexLock lock(mu_);
    stopping_ = true;
    changed_.NotifyAll();
  }
  thread_.join();
}

void Rounds::Ask() {
  MutexLock lock(mu_);
  if (asked_) return;
  asked_ = true;
  changed_.NotifyAll();
}

void Rounds::Run() {
  for (;;) {
    {
      MutexLock lock(mu_);
      while (!asked_ && !stopping_) changed_.Wait(mu_);
      if (stopping_) return;
      asked_ = false;
    }
    const bool again = round_();
    MutexLock lock(mu_);
    if (again) asked_ = true;
    // A wake for no reason shortens one pause: no harm.
    if (!stopping_) changed_.WaitFor(mu_, pause_);
  }
}

}  // namespace liveness::storage
