#include "server/rpc/engine/engine.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include <grpc/support/time.h>
#include <grpcpp/alarm.h>

#include "common/strings.h"
#include "common/thread_name.h"
#include "server/rpc/engine/generic_router.h"
#include "server/rpc/engine/tag.h"

namespace liveness::rpc {
namespace {

// Runs once as its queue's next completion.
class QueuedJob {
 public:
  static void Run(Engine& engine, grpc::CompletionQueue& cq, std::function<void()> job) {
    auto* queued = new QueuedJob(engine, std::move(job));
    queued->alarm_.Set(&cq, gpr_inf_past(GPR_CLOCK_MONOTONIC), queued->tag_.Arm());
  }

 private:
  QueuedJob(Engine& engine, std::function<void()> job) : token_(engine), job_(std::move(job)) {}
  void OnTurn(bool) {
    job_();
    delete this;
  }

  CallToken token_;
  const std::function<void()> job_;
  grpc::Alarm alarm_;
  MemberTag<QueuedJob, &QueuedJob::OnTurn> tag_{this};
};

}  // namespace

CallToken::CallToken(Engine& engine) : engine_(engine) {
  common::MutexLock lock(engine_.mu_);
  ++engine_.calls_;
}

CallToken::~CallToken() {
  // Notifies with the lock held, because the engine may be gone as soon as it is released.
  common::MutexLock lock(engine_.mu_);
  if (--engine_.calls_ == 0) engine_.no_calls_.NotifyAll();
}

Engine::Engine(const EngineOptions& options)
    : options_(options),
      router_(std::make_unique<GenericRouter>()),
      placement_(static_cast<std::size_t>(options.io_threads),
                 static_cast<std::size_t>(options.io_threads) + options.spare_queues,
                 options.streams_per_queue),
      connections_(options.connections),
      worker_calls_(options.max_worker_calls_per_peer),
      workers_(options.workers, options.max_queued_jobs) {}

Engine::~Engine() { Shutdown(common::Duration::zero()); }

void Engine::Add(std::unique_ptr<AsyncService> service) { services_.push_back(std::move(service)); }

absl::Status Engine::Start(grpc::ServerBuilder& builder, const std::function<absl::Status()>& opened) {
  for (auto& service : services_) service->Register(builder, *router_);
  router_->Register(builder);
  const auto first = static_cast<std::size_t>(options_.io_threads);
  for (std::size_t i = 0; i < first; ++i) queues_.push_back(builder.AddCompletionQueue());
  for (std::size_t i = 0; i < options_.spare_queues; ++i) {
    // gRPC must not give a connection to such a queue, because no thread turns it yet.
    queues_.push_back(builder.AddCompletionQueue(/*is_frequently_polled=*/false));
  }
  server_ = builder.BuildAndStart();
  if (server_ == nullptr) {
    // A queue must be shut down and drained before it is destroyed.
    for (auto& queue : queues_) queue->Shutdown();
    for (auto& queue : queues_) Poll(*queue);
    queues_.clear();
    return absl::UnavailableError("the gRPC server did not start");
  }
  for (auto& queue : queues_) timers_.push_back(std::make_unique<CallTimer>(*queue, options_.patience));
  {
    common::MutexLock lock(mu_);
    threads_.resize(queues_.size());
  }
  for (std::size_t i = 0; i < first; ++i) {
    for (auto& service : services_) service->Start(*queues_[i], *this);
    router_->Start(*queues_[i], *this);
  }
  absl::Status ready = opened ? opened() : absl::OkStatus();
  // Also if the server is not ready, because only these threads can end the calls that have been asked for.
  for (std::size_t i = 0; i < first; ++i) Turn(i);
  if (!ready.ok()) Shutdown(common::Duration::zero());
  return ready;
}

std::size_t Engine::IndexOf(const grpc::ServerCompletionQueue& cq) const {
  const auto at =
      std::find_if(queues_.begin(), queues_.end(), [&](const auto& each) { return each.get() == &cq; });
  return static_cast<std::size_t>(at - queues_.begin());
}

grpc::ServerCompletionQueue& Engine::QueueForStream() {
  const std::size_t queue = placement_.Next();
  Turn(queue);
  return *queues_[queue];
}

std::shared_ptr<grpc::Channel> Engine::OwnChannel() {
  return server_->InProcessChannel(grpc::ChannelArguments());
}

bool Engine::RunOnQueue(std::size_t queue, std::function<void()> job) {
  {
    common::MutexLock lock(mu_);
    if (queue >= threads_.size() || !threads_[queue].joinable()) return false;
  }
  QueuedJob::Run(*this, *queues_[queue], std::move(job));
  return true;
}

void Engine::Turn(std::size_t queue) {
  common::MutexLock lock(mu_);
  if (threads_[queue].joinable()) return;
  threads_[queue] = std::thread([cq = queues_[queue].get(), name = common::StrCat("live-io-", queue)] {
    common::NameThisThread(name);
    Poll(*cq);
  });
}

void Engine::EndCalls() {
  for (auto& service : services_) service->EndCalls();
}

void Engine::OnGateChanged() {
  for (auto& service : services_) service->OnGateChanged();
}

void Engine::Shutdown(common::Duration patience) {
  if (server_ == nullptr) return;
  server_->Shutdown(FromNow(patience));
  std::vector<std::thread> threads;
  {
    common::MutexLock lock(mu_);
    while (calls_ != 0) no_calls_.Wait(mu_);
    threads.swap(threads_);
  }
  for (auto& timer : timers_) timer->Shutdown();
  for (std::size_t i = 0; i < queues_.size(); ++i) {
    queues_[i]->Shutdown();
    if (threads[i].joinable()) {
      threads[i].join();
    } else {
      Poll(*queues_[i]);
    }
  }
  workers_.Stop();
  server_.reset();
  timers_.clear();
  queues_.clear();
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
