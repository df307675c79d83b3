#include "server/http/gateway/rpc_caller.h"

#include <chrono>
#include <thread>
#include <utility>

#include <grpcpp/client_context.h>
#include <grpcpp/completion_queue.h>
#include <grpcpp/generic/generic_stub.h>

#include <map>
#include "common/clock.h"
#include "common/grpc/asked_by.h"
#include "common/grpc/grpc_status.h"
#include "common/mutex.h"
#include "common/status.h"
#include "common/thread_name.h"
#include "common/thread_priority.h"

namespace liveness::http {
namespace {

// The services have a patience of their own; this is for one that had none.
constexpr auto kDeadline = std::chrono::seconds(120);

}  // namespace

struct RpcCaller::State {
  struct Pending {
    grpc::ClientContext context;
    grpc::ByteBuffer answer;
    grpc::Status status;
    std::unique_ptr<grpc::GenericClientAsyncResponseReader> reader;
    Done done;
  };

  State(std::shared_ptr<grpc::Channel> channel, std::string its_secret)
      : secret(std::move(its_secret)), stub(std::move(channel)) {}

  void Turn() {
    common::NameThisThread("http-rpc");
    common::LowerThisThreadsPriority();
    void* tag = nullptr;
    bool ok = false;
    while (queue.Next(&tag, &ok)) {
      const std::shared_ptr<Pending> call = Remove(static_cast<Pending*>(tag));
      // Whoever may give the call up keeps it for longer; what waited for its answer goes now.
      const Done done = std::move(call->done);
      if (call->status.ok()) {
        done(std::move(call->answer));
      } else {
        done(common::FromGrpc(call->status));
      }
    }
  }

  std::shared_ptr<Pending> Remove(Pending* call) {
    common::MutexLock lock(mu);
    return std::move(calls.extract(call).mapped());
  }

  const std::string secret;
  grpc::GenericStub stub;
  grpc::CompletionQueue queue;
  common::Mutex mu;
  bool stopped ABSL_GUARDED_BY(mu) = false;
  std::map<Pending*, std::shared_ptr<Pending>> calls ABSL_GUARDED_BY(mu);
  std::thread thread;
};

RpcCaller::RpcCaller(std::shared_ptr<grpc::Channel> channel, std::string secret)
    : state_(std::make_shared<State>(std::move(channel), std::move(secret))) {
  state_->thread = std::thread([state = state_.get()] { state->Turn(); });
}

RpcCaller::~RpcCaller() { Stop(); }

std::function<void()> RpcCaller::Call(const std::string& method, const google::protobuf::Message& request,
                                      const AskedBy& asked_by, Done done) {
  const auto call = std::make_shared<State::Pending>();
  call->done = std::move(done);
  call->context.set_deadline(std::chrono::time_point_cast<std::chrono::system_clock::duration>(
      common::SystemClock().Wall() + kDeadline));
  if (!state_->secret.empty()) call->context.AddMetadata(common::kAskedSecretMetadata, state_->secret);
  if (!asked_by.peer.empty()) call->context.AddMetadata(common::kAskedByMetadata, asked_by.peer);
  if (!asked_by.principal.empty()) call->context.AddMetadata(common::kAskedAsMetadata, asked_by.principal);
  const grpc::Slice bytes(request.SerializeAsString());
  const grpc::ByteBuffer message(&bytes, 1);
  {
    common::MutexLock lock(state_->mu);
    if (!state_->stopped) {
      state_->calls.emplace(call.get(), call);
      call->reader = state_->stub.PrepareUnaryCall(&call->context, method, message, &state_->queue);
      call->reader->StartCall();
      call->reader->Finish(&call->answer, &call->status, call.get());
      return [call] { call->context.TryCancel(); };
    }
  }
  call->done(common::Error(absl::StatusCode::kUnavailable, "DRAINING", "the server stops"));
  return [] {};
}

void RpcCaller::Stop() {
  {
    common::MutexLock lock(state_->mu);
    if (std::exchange(state_->stopped, true)) return;
    for (const auto& [key, call] : state_->calls) call->context.TryCancel();
    state_->queue.Shutdown();
  }
  state_->thread.join();
}

}  // namespace liveness::http
