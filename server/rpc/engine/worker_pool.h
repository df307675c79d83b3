// A few threads and two bounded queues of jobs. Thread-safe.
//
// A job takes turns: it does a slice of some milliseconds and says whether it wants another,
// for which it goes to the end of its queue. So many that are long share the threads fairly,
// and one that is short waits for a slice of each, not for all of it.
//
// There are two lanes, each of which has a thread to itself while the other is busy (where
// there are two threads; a lone one alternates): whoever waits for an answer is not held up
// by those who read a long past.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "common/mutex.h"

namespace liveness::rpc {

enum class Lane : std::uint8_t {
  kQueries,  // somebody waits for the answer: lists, counts, what a watcher is told now
  kLong,     // snapshots and the past
};

class WorkerPool {
 public:
  // Does a slice; true: it wants another turn. Dropped when it returned false.
  using Job = std::function<bool()>;
  static constexpr std::size_t kLanes = 2;

  WorkerPool(int threads, std::size_t max_queued);
  // Runs what is queued to its end, then joins.
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // False, and `job` is dropped, if `max_queued` jobs wait in that lane or Stop() was called.
  [[nodiscard]] bool Run(Lane lane, Job job);

  // Jobs that wait, by lane.
  std::array<std::size_t, kLanes> queued() const;

  // Runs what is queued to its end, then joins the threads. REQUIRES: not called by a job.
  void Stop();

 private:
  struct Queue {
    std::deque<Job> jobs;
    int running = 0;
  };

  void Work();
  // The lane whose turn it is. REQUIRES: a job waits.
  std::size_t NextLane() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  bool HasJob() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    return !lanes_[0].jobs.empty() || !lanes_[1].jobs.empty();
  }

  const std::size_t max_queued_;
  mutable common::Mutex mu_;
  common::CondVar wake_;
  std::array<Queue, kLanes> lanes_ ABSL_GUARDED_BY(mu_);
  std::size_t last_lane_ ABSL_GUARDED_BY(mu_) = 0;
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace liveness::rpc
