#include "server/http/transport/workers.h"

#include <atomic>
#include <utility>

#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>

#include "common/thread_name.h"
#include "common/thread_priority.h"

namespace liveness::http {

struct Workers::Pool {
  Pool(int count, std::size_t max) : max_queued(max), threads(static_cast<std::size_t>(count)) {}

  const std::size_t max_queued;
  std::atomic<std::size_t> queued{0};
  std::atomic<bool> stopped{false};
  boost::asio::thread_pool threads;
};

namespace {

// The pool's threads are its own: each is prepared by the first job that it takes.
bool PrepareThisThread() {
  common::NameThisThread("http-worker");
  common::LowerThisThreadsPriority();  // heartbeats first
  return true;
}

}  // namespace

Workers::Workers(int threads, std::size_t max_queued_jobs)
    : pool_(std::make_unique<Pool>(threads, max_queued_jobs)) {}

Workers::~Workers() { Stop(); }

bool Workers::Run(std::function<void()> job) {
  if (pool_->stopped || pool_->queued.fetch_add(1) >= pool_->max_queued) {
    pool_->queued.fetch_sub(1);
    return false;
  }
  boost::asio::post(pool_->threads, [this, job = std::move(job)] {
    thread_local const bool prepared = PrepareThisThread();
    (void)prepared;
    pool_->queued.fetch_sub(1);
    job();
  });
  return true;
}

void Workers::Stop() {
  pool_->stopped = true;
  pool_->threads.stop();
  pool_->threads.join();
}

}  // namespace liveness::http
