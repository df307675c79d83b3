// A few threads and a bounded queue of jobs. Thread-safe.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "common/mutex.h"

namespace liveness::rpc {

class WorkerPool {
 public:
  WorkerPool(int threads, std::size_t max_queued);
  // Runs what is queued, then joins.
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // False, and `job` is dropped, if `max_queued` jobs wait or Stop() was called.
  [[nodiscard]] bool Run(std::function<void()> job);

  // Runs what is queued, then joins the threads. REQUIRES: not called by a job.
  void Stop();

 private:
  void Work();

  const std::size_t max_queued_;
  common::Mutex mu_;
  common::CondVar wake_;
  std::deque<std::function<void()>> jobs_ ABSL_GUARDED_BY(mu_);
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace liveness::rpc
