#include "server/rpc/engine/generic_call.h"

#include <optional>
#include <utility>

#include "common/clock.h"
#include "common/status.h"
#include "server/net/endpoint.h"
#include "server/rpc/convert/error_details.h"
#include "server/rpc/engine/call_errors.h"

namespace liveness::rpc {

GenericCall::~GenericCall() { timer_.Stop(*this); }

void GenericCall::Ask(grpc::AsyncGenericService& service, Accepted accepted) {
  accepted_ = std::move(accepted);
  // gRPC takes this only before a call comes, when it is not known yet whether the method needs it.
  context_.AsyncNotifyWhenDone(done_tag_.Hold(shared_from_this()));
  service.RequestCall(&context_, &stream_, &cq_, &cq_, accepted_tag_.Hold(shared_from_this()));
}

void GenericCall::OnAccepted(bool ok) {
  if (!ok) {
    done_tag_.Release();  // it never fires for a call that never came
    return;
  }
  const auto accepted = std::exchange(accepted_, nullptr);
  accepted(shared_from_this(), place_.Take(engine_.connections(), net::FromGrpcPeer(context_.peer())));
}

absl::Status GenericCall::Admit(auth::Action needs) {
  absl::StatusOr<auth::CallerPtr> caller =
      auth::LetIn(engine_.gate(), engine_.gate().Identify(context_), auth::AddressOf(context_), needs);
  if (!caller.ok()) return caller.status();
  caller_ = *std::move(caller);
  needs_ = needs;
  return absl::OkStatus();
}

absl::Status GenericCall::StillAdmitted() {
  if (engine_.gate().generation() == caller_->generation) return absl::OkStatus();
  const auth::CallerPtr before = caller_;
  absl::StatusOr<auth::CallerPtr> caller =
      auth::Admit(engine_.gate(), engine_.gate().Identify(context_), needs_);
  if (!caller.ok()) {
    return engine_.gate().Refuse({.principal = before->principal,
                                  .address = before->address,
                                  .action = needs_,
                                  .why = RevokedError(caller.status())});
  }
  caller_ = *std::move(caller);
  return caller_->view.text() == before->view.text() ? absl::OkStatus() : ViewChangedError();
}

void GenericCall::Read(CallTimer::Wait wait, std::function<void(Came)> came) {
  came_ = std::move(came);
  timer_.Start(*this, wait);
  stream_.Read(&request_, read_tag_.Hold(shared_from_this()));
}

void GenericCall::AwaitOutcome(std::function<void()> overdue) {
  overdue_ = std::move(overdue);
  timer_.Start(*this, CallTimer::Wait::kOutcome);
}

void GenericCall::Progress() { timer_.Start(*this, CallTimer::Wait::kOutcome); }

bool GenericCall::TakeWorkerPlace() { return worker_place_.Take(engine_.worker_calls(), quota_caller()); }

StreamQuota::Caller GenericCall::quota_caller() const {
  const std::optional<net::Endpoint> peer = auth::PeerOf(context_);
  return {peer ? net::NetworkOf(*peer) : StreamQuota::Address{}, caller_->principal};
}

void GenericCall::OnRead(bool ok) {
  timer_.Stop(*this);
  if (const auto came = std::exchange(came_, nullptr)) came(ok ? Came::kRequest : Came::kNothing);
}

absl::Status GenericCall::WhyNoRequest(Came came) {
  if (came == Came::kNothing) return BadMessageError();
  return common::Error(absl::StatusCode::kDeadlineExceeded, "REQUEST_TIMEOUT", "no request came in time");
}

void GenericCall::CountIn(MethodFigures& figures) { figures_.Begin(figures, common::SystemClock().Mono()); }

void GenericCall::CountEnd(absl::StatusCode code) { figures_.End(code, common::SystemClock().Mono()); }

void GenericCall::OnDone(bool) {
  if (context_.IsCancelled()) {
    place_.WasReset(common::SystemClock().Mono());
    const bool too_late = context_.deadline() <= common::SystemClock().Wall();
    CountEnd(too_late ? absl::StatusCode::kDeadlineExceeded : absl::StatusCode::kCancelled);
  }
  const auto overdue = std::exchange(overdue_, nullptr);
  if (const auto done = std::exchange(done_, nullptr)) done();
}

void GenericCall::Reply(const grpc::ByteBuffer& response) {
  CountEnd(absl::StatusCode::kOk);
  timer_.Start(*this, CallTimer::Wait::kAnswer);
  stream_.WriteAndFinish(response, grpc::WriteOptions(), grpc::Status::OK,
                         finished_tag_.Hold(shared_from_this()));
}

void GenericCall::Finish(const absl::Status& status) {
  CountEnd(status.code());
  timer_.Start(*this, CallTimer::Wait::kAnswer);
  stream_.Finish(ToGrpcStatus(status), finished_tag_.Hold(shared_from_this()));
}

void GenericCall::OnFinished(bool) { timer_.Stop(*this); }

void GenericCall::Overdue(CallTimer::Wait wait) {
  switch (wait) {
    case CallTimer::Wait::kRequest:
    case CallTimer::Wait::kNextRequest:
      if (const auto came = std::exchange(came_, nullptr)) came(Came::kTooLate);
      break;
    case CallTimer::Wait::kOutcome:
      // The outcome may have come meanwhile: `overdue` finds out.
      if (const auto overdue = overdue_) overdue();
      break;
    case CallTimer::Wait::kAnswer: context_.TryCancel(); break;
  }
}

}  // namespace liveness::rpc
