#include "server/rpc/generic_call.h"

#include <utility>

#include "server/rpc/error_details.h"

namespace liveness::rpc {

void GenericCall::Ask(grpc::AsyncGenericService& service, Accepted accepted) {
  accepted_ = std::move(accepted);
  // Only now, before anybody knows whether the method cares.
  context_.AsyncNotifyWhenDone(done_tag_.Hold(shared_from_this()));
  service.RequestCall(&context_, &stream_, &cq_, &cq_, accepted_tag_.Hold(shared_from_this()));
}

void GenericCall::OnAccepted(bool ok) {
  if (!ok) {
    done_tag_.Release();  // it never fires for a call that never came
    return;
  }
  std::exchange(accepted_, nullptr)(shared_from_this());
}

void GenericCall::OnDone(bool) {
  if (const auto done = std::exchange(done_, nullptr)) done();
}

void GenericCall::Reply(const grpc::ByteBuffer& response) {
  stream_.WriteAndFinish(response, grpc::WriteOptions(), grpc::Status::OK,
                         finished_tag_.Hold(shared_from_this()));
}

void GenericCall::Finish(const absl::Status& status) {
  stream_.Finish(ToGrpcStatus(status), finished_tag_.Hold(shared_from_this()));
}

}  // namespace liveness::rpc
