#include "server/rpc/engine/sliced_unary.h"

#include <atomic>

#include "server/rpc/engine/call_errors.h"

namespace liveness::rpc {
namespace {

struct Method {
  Lane lane;
  BeginAnswer begin;
};

class SlicedCall final : public std::enable_shared_from_this<SlicedCall> {
 public:
  // The router keeps the method until all calls are gone.
  SlicedCall(const Method& method, std::shared_ptr<GenericCall> call)
      : call_(std::move(call)), method_(method) {}

  void Start() {
    call_->WhenDone([self = shared_from_this()] { self->gone_.store(true); });
    call_->Read(CallTimer::Wait::kRequest, [self = shared_from_this()](auto came) { self->OnRead(came); });
  }

 private:
  void OnRead(GenericCall::Came came) {
    if (came != GenericCall::Came::kRequest) {
      call_->Finish(GenericCall::WhyNoRequest(came));
      return;
    }
    const bool queued =
        call_->TakeWorkerPlace() &&
        call_->engine().RunInTurns(method_.lane, [self = shared_from_this()] { return self->Turn(); });
    if (queued) return;
    call_->Finish(TooManyQueriesError());
  }

  // Does a slice; true: it wants another turn.
  bool Turn() {
    grpc::ByteBuffer response;
    const std::optional<absl::Status> status = Look(response);
    if (!status) return true;
    answer_.reset();
    if (status->ok()) {
      call_->Reply(response);
    } else {
      call_->Finish(*status);
    }
    return false;
  }

  std::optional<absl::Status> Look(grpc::ByteBuffer& response) {
    // Also once the call's deadline has passed, because gRPC cancels the call then.
    if (gone_.load()) return absl::CancelledError("the caller is gone");
    if (answer_ != nullptr) return answer_->Step(response);
    absl::StatusOr<std::unique_ptr<SlicedAnswer>> begun = method_.begin(*call_->caller(), call_->request());
    if (!begun.ok()) return begun.status();
    answer_ = *std::move(begun);
    call_->request().Clear();
    return answer_->Step(response);
  }

  const std::shared_ptr<GenericCall> call_;  // first: the last to go
  const Method& method_;
  std::unique_ptr<SlicedAnswer> answer_;
  std::atomic<bool> gone_{false};
};

}  // namespace

MethodHandler SlicedBytesMethod(Lane lane, BeginAnswer begin) {
  const auto method = std::make_shared<const Method>(Method{lane, std::move(begin)});
  return [method](std::shared_ptr<GenericCall> call) {
    std::make_shared<SlicedCall>(*method, std::move(call))->Start();
  };
}

}  // namespace liveness::rpc
