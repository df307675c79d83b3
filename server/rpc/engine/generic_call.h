// One call of a method that gRPC does not know: bytes in, bytes out.
//
// Kept alive by the operations that are under way and by the object that serves
// the call. Its queue's thread only, but for context().TryCancel(), Progress(), Reply()
// and Finish(), which may come from a worker that the call was handed to.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/support/byte_buffer.h>

#include "absl/status/status.h"
#include "server/auth/action.h"
#include "server/auth/caller.h"
#include "server/rpc/engine/call_timer.h"
#include "server/rpc/engine/connection_streams.h"
#include "server/rpc/engine/engine.h"
#include "server/rpc/engine/holding_tag.h"
#include "server/rpc/engine/method_figures.h"
#include "server/rpc/engine/stream_quota.h"

namespace liveness::rpc {

class GenericCall final : public CallTimer::Waiter, public std::enable_shared_from_this<GenericCall> {
 public:
  enum class Came : std::uint8_t {
    kRequest,
    kNothing,  // the caller says no more, or is gone
    kTooLate,  // no request came in time
  };
  using Accepted = std::function<void(std::shared_ptr<GenericCall>, const absl::Status& bounds)>;

  GenericCall(grpc::ServerCompletionQueue& cq, Engine& engine)
      : token_(engine), cq_(cq), engine_(engine), timer_(engine.timer(cq)), stream_(&context_) {}
  ~GenericCall();
  GenericCall(const GenericCall&) = delete;
  GenericCall& operator=(const GenericCall&) = delete;

  // Waits for a call of `service` and hands it to `accepted`, which is not
  // called if the server stops before. `bounds`: not OK if the call's connection has too
  // many; `accepted` is to end the call with it.
  void Ask(grpc::AsyncGenericService& service, Accepted accepted);

  // The call is one of this method's. `figures` outlive it. REQUIRES: called from `accepted`, at first.
  void CountIn(MethodFigures& figures);

  // Asks the engine's gate: OK, and caller() is set, or why the call is not served. REQUIRES: called from
  // `accepted`, once.
  absl::Status Admit(auth::Action needs);
  // REQUIRES: Admit() was OK, as it was of each call that a handler gets.
  const auth::CallerPtr& caller() const { return caller_; }

  // For calls that stay: asks the gate again if its answers may have changed since, and sets caller() anew.
  // PERMISSION_DENIED REVOKED; UNAVAILABLE VIEW_CHANGED. REQUIRES: the queue's thread.
  absl::Status StillAdmitted();

  // Once after the call is over, be it finished or given up by the caller:
  // context().IsCancelled() says which. `done` is held until then.
  // REQUIRES: called from `accepted`.
  void WhenDone(std::function<void()> done) { done_ = std::move(done); }

  // Reads the next request into request() and calls `came` once. Waits no longer than
  // `wait` stands for. `came` is held until then.
  // REQUIRES: the queue's thread, and that no other read is under way.
  void Read(CallTimer::Wait wait, std::function<void(Came)> came);
  grpc::ByteBuffer& request() { return request_; }
  // What a call whose only request did not come is ended with: DEADLINE_EXCEEDED
  // REQUEST_TIMEOUT, INVALID_ARGUMENT BAD_MESSAGE. REQUIRES: not kRequest.
  static absl::Status WhyNoRequest(Came came);

  // The answer comes later, from whatever thread. `overdue` is called if that and every Progress() are too
  // long in coming; it is held until the call is over. REQUIRES: the queue's thread.
  void AwaitOutcome(std::function<void()> overdue);
  // The work for the answer goes on. Any thread. REQUIRES: after AwaitOutcome(), before Reply() and Finish().
  void Progress();

  // Takes one of the places that the caller has for calls which keep a worker busy, until the call is gone,
  // after the caller has taken its answer. False if none is left. Once, on the queue's thread.
  bool TakeWorkerPlace();

  // Ends the call, with a message or (also if OK) without. Once, in place of any
  // other write. A caller that does not take the answer in time is cut off.
  void Reply(const grpc::ByteBuffer& response);
  void Finish(const absl::Status& status);

  // Whose places the call takes. Of a call that came over HTTP whoever asked there; all that comes over Unix
  // sockets is one address, all zero. REQUIRES: as caller().
  StreamQuota::Caller quota_caller() const;

  grpc::GenericServerContext& context() { return context_; }
  grpc::GenericServerAsyncReaderWriter& stream() { return stream_; }
  grpc::ServerCompletionQueue& cq() { return cq_; }
  Engine& engine() { return engine_; }

 private:
  void OnAccepted(bool ok);
  void OnDone(bool ok);
  void OnRead(bool ok);
  void OnFinished(bool ok);
  void CountEnd(absl::StatusCode code);
  void Overdue(CallTimer::Wait wait) override;
  std::shared_ptr<CallTimer::Waiter> Hold() override { return weak_from_this().lock(); }

  CallToken token_;
  grpc::ServerCompletionQueue& cq_;
  Engine& engine_;
  CallTimer& timer_;
  ConnectionStreams::Place place_;
  auth::CallerPtr caller_;
  auth::Action needs_ = auth::Action::kNone;
  QuotaPlace worker_place_;
  CallFigures figures_;
  grpc::GenericServerContext context_;
  grpc::GenericServerAsyncReaderWriter stream_;
  Accepted accepted_;
  std::function<void()> done_;
  std::function<void(Came)> came_;  // null unless a request is waited for
  std::function<void()> overdue_;
  grpc::ByteBuffer request_;
  HoldingTag<GenericCall, &GenericCall::OnAccepted> accepted_tag_;
  HoldingTag<GenericCall, &GenericCall::OnDone> done_tag_;
  HoldingTag<GenericCall, &GenericCall::OnRead> read_tag_;
  HoldingTag<GenericCall, &GenericCall::OnFinished> finished_tag_;
};

}  // namespace liveness::rpc
