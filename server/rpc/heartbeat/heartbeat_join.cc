// How a HeartbeatCall gets its session: the hello, and the welcome that answers it.

#include <memory>
#include <optional>
#include <utility>

#include "common/status.h"
#include "server/auth/principal.h"
#include "server/core/record/resume_token.h"
#include "server/rpc/convert/convert.h"
#include "server/rpc/heartbeat/heartbeat_call.h"
#include "server/rpc/heartbeat/heartbeat_hello.h"

namespace liveness::rpc {

absl::StatusOr<HeartbeatCall::Next> HeartbeatCall::TakeHello(const v1::Hello& hello) {
  if (std::exchange(said_hello_, true)) {
    return common::Error(absl::StatusCode::kFailedPrecondition, "HELLO_REPEATED", "a stream takes one hello");
  }
  if (service_.draining()) return DrainingError();
  core::PathEstimate path;
  if (hello.has_quality()) {
    const auto measured = service_.registry_.PathOf(hello.client_id());
    if (measured) path = measured->Estimate();
  }
  auto request = CheckHello(hello, service_.options_.preset, service_.options_.bounds, path);
  if (!request.ok()) return request.status();
  {
    common::MutexLock lock(handle_->mu_);
    client_id_ = request->info.client_id;
  }
  interval_ = request->interval;
  timeout_ = request->timeout;
  attach_time_ = service_.clock_.Mono();

  if (!hello.resume_token().empty()) {
    const core::ResumeOutcome outcome =
        service_.resume_tokens_.Verify(hello.resume_token(), hello.client_id(), hello.instance_id());
    switch (outcome.verdict) {
      case core::ResumeVerdict::kValid: request->resume_incarnation = outcome.claim.incarnation; break;
      case core::ResumeVerdict::kForeignKey: break;
      case core::ResumeVerdict::kForged:
        return common::Error(absl::StatusCode::kPermissionDenied, "RESUME_TOKEN_FORGED",
                             "this server's store never issued the resume token");
      case core::ResumeVerdict::kOtherClient:
        return common::Error(absl::StatusCode::kPermissionDenied, "RESUME_TOKEN_OTHER_CLIENT",
                             "the resume token is another client's");
    }
  }
  if (service_.options_.identify_peers) request->info.principal = auth::PrincipalOf(*context_.auth_context());
  request->info.peer_address = net::ToText(connection_.peer);
  if (const auto socket = service_.sockets_.Find(connection_.peer)) {
    request->keepalive = socket->keepalive;
    common::MutexLock lock(handle_->mu_);
    connection_.local = socket->local;
    connection_.cookie = socket->cookie;
    const auto own = net::FromText(request->info.local_address);
    connection_.proxied = own && *own != connection_.peer;
    connection_.maybe_proxied = !own;
  }
  hello_ = std::make_unique<HelloFacts>(HelloFacts{hello.instance_id(), request->keepalive});
  hello_->accrual_threshold = request->accrual_threshold;
  hello_->quality = request->quality;
  request->stream = handle_;
  {
    common::MutexLock lock(handle_->mu_);
    if (done_ || outbox_.ending()) return Next{};  // too late: the client is gone, or its time is up
    reading_ = false;
    if (alarm_ != nullptr) alarm_->Cancel();
  }
  service_.registry_.Attach(*std::move(request), [&service = service_, handle = handle_](
                                                     absl::StatusOr<registry::Attached> attached) {
    Attached(service, handle, std::move(attached));
  });
  return Next{.attaching = true};
}

void HeartbeatCall::Attached(HeartbeatService& service, const std::shared_ptr<HeartbeatHandle>& handle,
                             absl::StatusOr<registry::Attached> attached) {
  {
    common::MutexLock lock(handle->mu_);
    HeartbeatCall* call = handle->call_;
    const bool gone = call == nullptr || call->done_ || call->outbox_.ending();
    if (!gone && attached.ok()) {
      call->session_ = attached->session;
      call->attachment_ = attached->attachment;
      call->arrivals_ = attached->arrivals;
      call->stalled_ = attached->stalled;
      call->outbox_.PutWelcome(call->MakeWelcome(*attached));
      call->StartRead();
      call->StartNext();
    } else if (!gone && call->PutEnd(attached.status())) {
      call->Log(attached.status());
    }
    if (!gone || !attached.ok()) return;
  }
  // The call ended before its session began.
  service.OnStreamEnded({.session = attached->session,
                         .attachment = attached->attachment,
                         .ended_at = service.clock_.Mono(),
                         .how = core::StreamEnd::kConnectionClosed,
                         .look = false});
}

std::unique_ptr<grpc::ByteBuffer> HeartbeatCall::MakeWelcome(const registry::Attached& attached) {
  const std::unique_ptr<HelloFacts> hello = std::move(hello_);
  v1::HeartbeatResponse response;
  v1::Welcome& welcome = *response.mutable_welcome();
  welcome.set_incarnation(attached.incarnation);
  welcome.set_server_id(service_.options_.server_id);
  ToProto(interval_, *welcome.mutable_interval());
  ToProto(timeout_, *welcome.mutable_timeout());
  ToProto(attached.vouched_for, *welcome.mutable_vouched_for());
  ToProto(attached.resume_grace, *welcome.mutable_resume_grace());
  welcome.set_resume_token(
      service_.resume_tokens_.Issue(client_id_, hello->instance_id, attached.incarnation));
  if (hello->keepalive != nullptr) ToProto(*hello->keepalive, *welcome.mutable_keepalive());
  welcome.mutable_detection()->set_method(hello->accrual_threshold ? v1::DETECTION_METHOD_ACCRUAL
                                                                   : v1::DETECTION_METHOD_FIXED);
  welcome.mutable_detection()->set_threshold(hello->accrual_threshold.value_or(0));
  if (hello->quality) {
    ToProto(hello->quality->found_within, *welcome.mutable_quality()->mutable_found_within());
    ToProto(hello->quality->mistake_recurrence, *welcome.mutable_quality()->mutable_mistake_recurrence());
  }
  return std::make_unique<grpc::ByteBuffer>(Serialize(response));
}

}  // namespace liveness::rpc
