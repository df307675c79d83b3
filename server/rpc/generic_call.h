// One call of a method that gRPC does not know: bytes in, bytes out.
//
// Kept alive by the operations that are under way and by the object that serves
// the call. Its queue's thread only, but for context().TryCancel(), Reply() and
// Finish(), which may come from a worker that the call was handed to.
#pragma once

#include <functional>
#include <memory>

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/support/byte_buffer.h>

#include "absl/status/status.h"
#include "server/rpc/engine.h"
#include "server/rpc/holding_tag.h"

namespace liveness::rpc {

class GenericCall : public std::enable_shared_from_this<GenericCall> {
 public:
  using Accepted = std::function<void(std::shared_ptr<GenericCall>)>;

  GenericCall(grpc::ServerCompletionQueue& cq, Engine& engine)
      : token_(engine), cq_(cq), engine_(engine), stream_(&context_) {}
  GenericCall(const GenericCall&) = delete;
  GenericCall& operator=(const GenericCall&) = delete;

  // Waits for a call of `service` and hands it to `accepted`, which is not
  // called if the server stops before.
  void Ask(grpc::AsyncGenericService& service, Accepted accepted);

  // Once after the call is over, be it finished or given up by the caller:
  // context().IsCancelled() says which. `done` is held until then.
  // REQUIRES: called from `accepted`.
  void WhenDone(std::function<void()> done) { done_ = std::move(done); }

  // Ends the call, with a message or (also if OK) without. Once, in place of any
  // other write.
  void Reply(const grpc::ByteBuffer& response);
  void Finish(const absl::Status& status);

  grpc::GenericServerContext& context() { return context_; }
  grpc::GenericServerAsyncReaderWriter& stream() { return stream_; }
  grpc::ServerCompletionQueue& cq() { return cq_; }
  Engine& engine() { return engine_; }

 private:
  void OnAccepted(bool ok);
  void OnDone(bool ok);
  void OnFinished(bool ok) { (void)ok; }

  CallToken token_;
  grpc::ServerCompletionQueue& cq_;
  Engine& engine_;
  grpc::GenericServerContext context_;
  grpc::GenericServerAsyncReaderWriter stream_;
  Accepted accepted_;
  std::function<void()> done_;
  HoldingTag<GenericCall, &GenericCall::OnAccepted> accepted_tag_;
  HoldingTag<GenericCall, &GenericCall::OnDone> done_tag_;
  HoldingTag<GenericCall, &GenericCall::OnFinished> finished_tag_;
};

}  // namespace liveness::rpc
