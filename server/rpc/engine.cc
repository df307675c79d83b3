#include "server/rpc/engine.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "common/strings.h"
#include "common/thread_name.h"
#include "server/rpc/generic_router.h"
#include "server/rpc/tag.h"

namespace liveness::rpc {

CallToken::CallToken(Engine& engine) : engine_(engine) {
  common::MutexLock lock(engine_.mu_);
  ++engine_.calls_;
}

CallToken::~CallToken() {
  // Under the lock to the end: the engine may be gone right after it.
  common::MutexLock lock(engine_.mu_);
  if (--engine_.calls_ == 0) engine_.no_calls_.NotifyAll();
}

Engine::Engine(const EngineOptions& options)
    : options_(options),
      router_(std::make_unique<GenericRouter>()),
      connections_(options.connections),
      worker_calls_(options.max_worker_calls_per_peer),
      workers_(options.workers, options.max_queued_jobs) {}

Engine::~Engine() { Shutdown(common::Duration::zero()); }

void Engine::Add(std::unique_ptr<AsyncService> service) { services_.push_back(std::move(service)); }

absl::Status Engine::Start(grpc::ServerBuilder& builder, const std::function<absl::Status()>& opened) {
  for (auto& service : services_) service->Register(builder, *router_);
  router_->Register(builder);
  for (int i = 0; i < options_.io_threads; ++i) queues_.push_back(builder.AddCompletionQueue());
  server_ = builder.BuildAndStart();
  if (server_ == nullptr) {
    // A queue must be shut down and drained before it is destroyed.
    for (auto& queue : queues_) queue->Shutdown();
    for (auto& queue : queues_) Poll(*queue);
    queues_.clear();
    return absl::UnavailableError("the gRPC server did not start");
  }
  for (auto& queue : queues_) timers_.push_back(std::make_unique<CallTimer>(*queue, options_.patience));
  for (auto& queue : queues_) {
    for (auto& service : services_) service->Start(*queue, *this);
    router_->Start(*queue, *this);
  }
  absl::Status ready = opened ? opened() : absl::OkStatus();
  // Also if it is not: only they can end the calls that have been asked for.
  for (auto& queue : queues_) {
    threads_.emplace_back([cq = queue.get(), name = common::StrCat("live-io-", threads_.size())] {
      common::NameThisThread(name);
      Poll(*cq);
    });
  }
  if (!ready.ok()) Shutdown(common::Duration::zero());
  return ready;
}

std::size_t Engine::IndexOf(const grpc::ServerCompletionQueue& cq) const {
  const auto at =
      std::find_if(queues_.begin(), queues_.end(), [&](const auto& each) { return each.get() == &cq; });
  return static_cast<std::size_t>(at - queues_.begin());
}

void Engine::EndCalls() {
  for (auto& service : services_) service->EndCalls();
}

void Engine::Shutdown(common::Duration patience) {
  if (server_ == nullptr) return;
  server_->Shutdown(FromNow(patience));
  {
    common::MutexLock lock(mu_);
    while (calls_ != 0) no_calls_.Wait(mu_);
  }
  for (auto& timer : timers_) timer->Shutdown();
  for (auto& queue : queues_) queue->Shutdown();
  for (std::thread& thread : threads_) thread.join();
  workers_.Stop();
  server_.reset();
  timers_.clear();
  queues_.clear();
  threads_.clear();
}

bool Engine::RunOnWorker(std::function<void()> job) {
  return workers_.Run(Lane::kQueries, [job = std::move(job)] {
    job();
    return false;
  });
}

void Engine::Poll(grpc::ServerCompletionQueue& cq) {
  void* tag = nullptr;
  bool ok = false;
  while (cq.Next(&tag, &ok)) static_cast<Tag*>(tag)->Fire(ok);
}

}  // namespace liveness::rpc
