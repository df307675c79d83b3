// What is proposed and waits to be written, in parts of one transaction each.
//
// Each step takes as long, however much waits: a proposal goes into the last part, a part is moved out as a
// whole. Thread-safe.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "common/clock.h"
#include "common/mutex.h"
#include "server/storage/store.h"

namespace liveness::storage {

class BatchQueue {
 public:
  // `most`: proposals in a part.
  explicit BatchQueue(std::size_t most) : most_(most) {}

  // Ignored once the queue is stopped.
  void Put(Proposal proposal) {
    common::MutexLock lock(mu_);
    if (stopping_) return;
    const bool idle = parts_.empty();
    if (idle || parts_.back().size() >= most_) parts_.emplace_back();
    parts_.back().push_back(std::move(proposal));
    if (idle) changed_.NotifyOne();
  }

  // Cuts short the waiting of Take(), now or the next time.
  void Wake() {
    common::MutexLock lock(mu_);
    woken_ = true;
    changed_.NotifyOne();
  }

  // The next part, after up to `pause`, or earlier, of waiting for one; it may be empty. Nothing: the queue
  // is stopped, and all was taken.
  std::optional<std::vector<Proposal>> Take(common::Duration pause) {
    common::MutexLock lock(mu_);
    if (parts_.empty() && !stopping_ && !woken_ && pause.count() > 0) changed_.WaitFor(mu_, pause);
    woken_ = false;
    if (parts_.empty()) return stopping_ ? std::nullopt : std::optional(std::vector<Proposal>());
    std::vector<Proposal> part = std::move(parts_.front());
    parts_.pop_front();
    return part;
  }

  // Nothing is taken in any more.
  void Stop() {
    common::MutexLock lock(mu_);
    stopping_ = true;
    changed_.NotifyAll();
  }

 private:
  const std::size_t most_;
  common::Mutex mu_;
  common::CondVar changed_;
  std::deque<std::vector<Proposal>> parts_ ABSL_GUARDED_BY(mu_);  // all but the last of them full
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  bool woken_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace liveness::storage
