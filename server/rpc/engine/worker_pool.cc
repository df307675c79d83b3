#include "server/rpc/engine/worker_pool.h"

#include <utility>

#include "common/thread_name.h"
#include "common/thread_priority.h"

namespace liveness::rpc {

WorkerPool::WorkerPool(int threads, std::size_t max_queued) : max_queued_(max_queued) {
  for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { Work(); });
}

WorkerPool::~WorkerPool() { Stop(); }

bool WorkerPool::Run(Lane lane, Job job) {
  {
    common::MutexLock lock(mu_);
    std::deque<Job>& jobs = lanes_[static_cast<std::size_t>(lane)].jobs;
    if (stopping_ || jobs.size() >= max_queued_) return false;
    jobs.push_back(std::move(job));
  }
  wake_.NotifyOne();
  return true;
}

std::array<std::size_t, WorkerPool::kLanes> WorkerPool::queued() const {
  common::MutexLock lock(mu_);
  return {lanes_[0].jobs.size(), lanes_[1].jobs.size()};
}

void WorkerPool::Stop() {
  {
    common::MutexLock lock(mu_);
    stopping_ = true;
  }
  wake_.NotifyAll();
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

std::size_t WorkerPool::NextLane() const {
  if (lanes_[0].jobs.empty()) return 1;
  if (lanes_[1].jobs.empty()) return 0;
  if (lanes_[0].running != lanes_[1].running) return lanes_[0].running < lanes_[1].running ? 0 : 1;
  return 1 - last_lane_;
}

void WorkerPool::Work() {
  common::NameThisThread("live-worker");
  common::LowerThisThreadsPriority();
  common::MutexLock lock(mu_);
  while (true) {
    while (!HasJob() && !stopping_) wake_.Wait(mu_);
    if (!HasJob()) return;
    Queue& lane = lanes_[last_lane_ = NextLane()];
    Job job = std::move(lane.jobs.front());
    lane.jobs.pop_front();
    ++lane.running;
    mu_.Unlock();
    const bool again = job();
    if (!again) job = nullptr;
    mu_.Lock();
    --lane.running;
    if (again) lane.jobs.push_back(std::move(job));
  }
}

}  // namespace liveness::rpc
