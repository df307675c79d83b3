// A thread that does a round of work soon after it was asked to, again and again
// but never more often than every `pause`. Thread-safe.
#pragma once

#include <functional>
#include <thread>

#include "common/clock.h"
#include "common/mutex.h"

namespace liveness::storage {

class Rounds {
 public:
  // `round` runs on the thread, under no lock; it returns true to be called again
  // after the pause though nobody asks.
  Rounds(common::Duration pause, std::function<bool()> round);
  // Waits for the round under way.
  ~Rounds();
  Rounds(const Rounds&) = delete;
  Rounds& operator=(const Rounds&) = delete;

  // A round begins after this, `pause` later at most. Does not wait.
  void Ask();

 private:
  void Run();

  const common::Duration pause_;
  const std::function<bool()> round_;
  common::Mutex mu_;
  common::CondVar changed_;
  bool asked_ ABSL_GUARDED_BY(mu_) = false;
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  std::thread thread_;  // last: it uses the others
};

}  // namespace liveness::storage
