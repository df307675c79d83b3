// What turns the server's completion queues: one thread for each, and a few
// workers for what would keep such a thread busy.
//
// The first queues take every kind of call. Further ones take streams alone, once there are
// many of them (engine/stream_placement.h), and have no thread before that.
//
// Every call lives on one queue, so its tags run on one thread, one at a time,
// and need no lock among themselves. A tag must not block: it holds up every
// stream of its queue. Slow work goes to RunOnWorker().
//
// All services are asynchronous and share the queues: gRPC's own pollers (of a
// synchronous service) would compete for the sockets and cost CPU per heartbeat.
//
// Life: Add() each service, Start(), later EndCalls() and Shutdown(). Thread-safe
// after Start().
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include <grpcpp/completion_queue.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include "absl/status/status.h"
#include "common/clock.h"
#include "common/mutex.h"
#include "server/auth/call_gate.h"
#include "server/rpc/engine/call_timer.h"
#include "server/rpc/engine/connection_streams.h"
#include "server/rpc/engine/from_now.h"
#include "server/rpc/engine/stream_placement.h"
#include "server/rpc/engine/stream_quota.h"
#include "server/rpc/engine/worker_pool.h"

namespace liveness::rpc {

class Engine;
class GenericRouter;

// A service whose calls run on the engine's queues.
class AsyncService {
 public:
  virtual ~AsyncService() = default;
  // Makes its methods known: to gRPC, by a service that this object owns, or, if
  // not every client calls them, to `router` (which says why). Called once.
  virtual void Register(grpc::ServerBuilder& builder, GenericRouter& router) = 0;
  // Asks for the first call of what it registered with gRPC on `cq`. Called once
  // for each queue, before any of its tags run; the service keeps asking from then
  // on until a request's tag comes with ok == false.
  virtual void Start(grpc::ServerCompletionQueue& cq, Engine& engine) {
    (void)cq;
    (void)engine;
  }
  // The server stops: ends the calls that would not end by themselves (streams),
  // those that come later too, with UNAVAILABLE. Any thread; must not wait.
  virtual void EndCalls() {}
  // What the engine's gate answers has changed: asks it again about the calls that stay, and ends those that
  // it would not let in any more. Any thread.
  virtual void OnGateChanged() {}
};

struct EngineOptions {
  int io_threads = 1;  // completion queues that take every kind of call, a thread each
  // Queues that take streams once the first ones have `streams_per_queue` each.
  std::size_t spare_queues = 0;
  std::size_t streams_per_queue = 4096;
  int workers = 2;
  std::size_t max_queued_jobs = 1024;
  // Calls of one address that wait for a worker, are with one, or whose answer the caller has not
  // taken, because all addresses share the workers' queue and the memory. 0: no limit.
  std::size_t max_worker_calls_per_peer = 64;
  ConnectionBounds connections;
  CallPatience patience;
  const auth::CallGate* gate = &auth::OpenGate();  // outlives the engine
};

// Counts one call object, also one that still waits for its call: the queues
// are not shut down before the last is gone, because to start an operation on a
// queue that is shut down ends the process.
// Be the first member of a call object, so that all its gRPC parts go before.
class CallToken {
 public:
  explicit CallToken(Engine& engine);
  ~CallToken();
  CallToken(const CallToken&) = delete;
  CallToken& operator=(const CallToken&) = delete;

 private:
  Engine& engine_;
};

class Engine {
 public:
  explicit Engine(const EngineOptions& options);
  // Shuts down at once if that was not done.
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // REQUIRES: not started.
  void Add(std::unique_ptr<AsyncService> service);

  // Registers services and queues with `builder` and starts. UNAVAILABLE if the
  // server does not start (a port in use). `opened` runs on this thread once the port
  // is open, before any call is taken: what calls may read is read back there. Its
  // error is returned, and the engine has shut down.
  absl::Status Start(grpc::ServerBuilder& builder, const std::function<absl::Status()>& opened = nullptr);

  // The number of a queue: those that take every kind of call come first. REQUIRES: it is one of the
  // engine's.
  std::size_t IndexOf(const grpc::ServerCompletionQueue& cq) const;
  CallTimer& timer(const grpc::ServerCompletionQueue& cq) { return *timers_[IndexOf(cq)]; }
  // Where to ask for the next stream. A thread turns that queue from then on.
  grpc::ServerCompletionQueue& QueueForStream();
  // A stream that was asked for on `cq` has come; it is gone again.
  void StreamOpened(const grpc::ServerCompletionQueue& cq) { placement_.Opened(IndexOf(cq)); }
  void StreamClosed(const grpc::ServerCompletionQueue& cq) { placement_.Closed(IndexOf(cq)); }

  // Runs `job` on the queue's thread, after all that waits there now. False, and
  // nothing happens, if the queue has no thread yet. REQUIRES: not shut down.
  bool RunOnQueue(std::size_t queue, std::function<void()> job);

  // Its methods() and how their calls ended; those that are registered with gRPC are not among them. Any
  // thread, once the engine has started.
  const GenericRouter& router() const { return *router_; }
  // Jobs that wait, by lane. Any thread.
  std::array<std::size_t, WorkerPool::kLanes> queued_jobs() const { return workers_.queued(); }

  const auth::CallGate& gate() const { return *options_.gate; }
  ConnectionStreams& connections() { return connections_; }
  StreamQuota& worker_calls() { return worker_calls_; }

  // For calls of this process to itself, which are served as all others are. REQUIRES: started. To be let go
  // of before Shutdown().
  std::shared_ptr<grpc::Channel> OwnChannel();

  // Asks every service to end its streams. New calls are still taken.
  void EndCalls();

  // What the gate answers has changed: every service asks it again about its calls. Any thread, once started.
  void OnGateChanged();

  // Takes no new call, gives those in flight `patience` to end, cancels the
  // rest, and returns when every call object is gone and all threads are joined.
  // REQUIRES: not called from a queue's thread or a worker.
  void Shutdown(common::Duration patience);

  // Runs `job` on a worker, at one go. False, and nothing happens, if too many wait.
  [[nodiscard]] bool RunOnWorker(std::function<void()> job);
  // The same in slices, see WorkerPool.
  [[nodiscard]] bool RunInTurns(Lane lane, WorkerPool::Job job) { return workers_.Run(lane, std::move(job)); }

 private:
  friend class CallToken;
  static void Poll(grpc::ServerCompletionQueue& cq);
  // Gives the queue its thread if it has none.
  void Turn(std::size_t queue);

  const EngineOptions options_;
  std::vector<std::unique_ptr<AsyncService>> services_;
  const std::unique_ptr<GenericRouter> router_;
  std::vector<std::unique_ptr<grpc::ServerCompletionQueue>> queues_;
  std::vector<std::unique_ptr<CallTimer>> timers_;  // one per queue
  StreamPlacement placement_;
  ConnectionStreams connections_;
  StreamQuota worker_calls_;
  std::unique_ptr<grpc::Server> server_;
  WorkerPool workers_;

  common::Mutex mu_;
  common::CondVar no_calls_;
  std::int64_t calls_ ABSL_GUARDED_BY(mu_) = 0;
  std::vector<std::thread> threads_ ABSL_GUARDED_BY(mu_);  // by queue
};

}  // namespace liveness::rpc
