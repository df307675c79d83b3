#include "server/rpc/engine/unary.h"

#include <memory>

#include "common/clock.h"
#include "server/rpc/engine/call_errors.h"

namespace liveness::rpc {
namespace {

struct Method {
  Where where;
  UnaryBytesHandler answer;
};

class UnaryCall final : public std::enable_shared_from_this<UnaryCall> {
 public:
  // The router keeps the method until all calls are gone.
  UnaryCall(const Method& method, std::shared_ptr<GenericCall> call)
      : call_(std::move(call)), method_(method) {}

  void Start() {
    call_->Read(CallTimer::Wait::kRequest, [self = shared_from_this()](auto came) { self->OnRead(came); });
  }

 private:
  void OnRead(GenericCall::Came came) {
    if (came != GenericCall::Came::kRequest) {
      call_->Finish(GenericCall::WhyNoRequest(came));
    } else if (method_.where == Where::kInline) {
      Answer();
    } else if (!call_->TakeWorkerPlace() ||
               !call_->engine().RunOnWorker([self = shared_from_this()] { self->Answer(); })) {
      call_->Finish(TooManyQueriesError());
    }
  }

  void Answer() {
    if (call_->context().deadline() <= common::SystemClock().Wall()) {
      call_->Finish(absl::DeadlineExceededError("the deadline passed before the query was begun"));
      return;
    }
    grpc::ByteBuffer response;
    const absl::Status status = method_.answer(*call_->caller(), call_->request(), response);
    if (status.ok()) {
      call_->Reply(response);
    } else {
      call_->Finish(status);
    }
  }

  const std::shared_ptr<GenericCall> call_;  // first: the last to go
  const Method& method_;
};

}  // namespace

MethodHandler UnaryBytesMethod(Where where, UnaryBytesHandler answer) {
  const auto method = std::make_shared<const Method>(Method{where, std::move(answer)});
  return [method](std::shared_ptr<GenericCall> call) {
    std::make_shared<UnaryCall>(*method, std::move(call))->Start();
  };
}

}  // namespace liveness::rpc
