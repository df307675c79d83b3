#include "server/rpc/heartbeat/heartbeat_call.h"

#include <chrono>

#include "common/status.h"
#include "server/net/endpoint.h"
#include "server/rpc/engine/call_errors.h"
#include "server/rpc/engine/from_now.h"
#include "server/rpc/engine/message_bytes.h"

namespace liveness::rpc {

void HeartbeatCall::Ask(RawHeartbeatService& service, const HeartbeatDeps& deps,
                        grpc::ServerCompletionQueue& cq, Engine& engine) {
  auto* call = new HeartbeatCall(service, deps, cq, engine);
  call->context_.AsyncNotifyWhenDone(call->done_tag_.Arm());
  service.RequestHeartbeat(&call->context_, &call->stream_, &cq, &cq, call->read_tag_.Arm());
}

HeartbeatCall::HeartbeatCall(RawHeartbeatService& service, const HeartbeatDeps& deps,
                             grpc::ServerCompletionQueue& cq, Engine& engine)
    : token_(engine), service_(service), cq_(cq), engine_(engine), deps_(deps), stream_(&context_) {}

HeartbeatCall::~HeartbeatCall() {
  if (writer_ == nullptr) return;
  engine_.StreamClosed(cq_);
  deps_.listener.OnClosed(writer_);
}

void HeartbeatCall::OnOpen(bool ok) {
  if (!ok) return FinishStep(true);  // the server stops; the tag of the call's end does not come either
  engine_.StreamOpened(cq_);
  deps_.figures.Began();
  Ask(service_, deps_, engine_.QueueForStream(), engine_);
  const std::optional<net::Endpoint> peer = net::FromGrpcPeer(context_.peer());
  HeartbeatWire& wire = *this;
  writer_ = std::make_shared<HeartbeatWriter>(deps_, wire, peer.value_or(net::Endpoint{}));
  protocol_.emplace(deps_, deps_.registry.pulses().at(engine_.IndexOf(cq_)), writer_);
  writer_->Start(Admit(peer));
}

absl::Status HeartbeatCall::Admit(const std::optional<net::Endpoint>& peer) {
  // All of them in any case: what is counted here is given back when the call goes.
  const absl::Status placed = place_.Take(engine_.connections(), peer);
  const bool has_quota = quota_place_.Take(deps_.quota, {net::NetworkOf(peer.value_or(net::Endpoint{})), {}});
  const bool takes_calls = deps_.listener.OnOpened(writer_);
  if (!placed.ok()) return placed;
  if (!takes_calls) return DrainingError();
  if (has_quota) return absl::OkStatus();
  return common::WithRetryDelay(common::Error(absl::StatusCode::kResourceExhausted, "TOO_MANY_STREAMS",
                                              "too many streams from this address"),
                                std::chrono::seconds(10));
}

// --- Tags --------------------------------------------------------------------

void HeartbeatCall::OnRead(bool ok) {
  if (writer_ == nullptr) return OnOpen(ok);
  if (!ok) return FinishStep(writer_->ReadsEnded());
  HeartbeatProtocol::Next next;
  if (const absl::Status taken = Take(next); !taken.ok()) {
    writer_->Fail(taken);
    return FinishStep(writer_->Taken(std::nullopt));
  }
  // The welcome reads on, and may have done so already.
  if (!next.await_welcome) FinishStep(writer_->Taken(next.pong));
}

absl::Status HeartbeatCall::Take(HeartbeatProtocol::Next& next) {
  if (absl::Status fits = HeartbeatProtocol::CheckSize(incoming_.Length()); !fits.ok()) return fits;
  return protocol_->Take(BytesOf(OneSlice(incoming_)), next);
}

void HeartbeatCall::OnWrite(bool) { FinishStep(writer_->Written()); }

void HeartbeatCall::OnFinish(bool) { FinishStep(writer_->Finished()); }

void HeartbeatCall::OnDone(bool) {
  if (context_.IsCancelled()) place_.WasReset(deps_.clock.Mono());
  const core::StreamEnd how = HowItEnded();
  deps_.figures.Ended(EndCode(how), {});
  FinishStep(writer_->Done(how));
}

void HeartbeatCall::OnAlarm(bool ok) { FinishStep(writer_->AlarmFired(ok)); }

core::StreamEnd HeartbeatCall::HowItEnded() const {
  if (!context_.IsCancelled()) return core::StreamEnd::kHalfClosed;
  // The client's own timer runs a little before ours, and gRPC sends deadlines rounded up.
  constexpr auto kSlack = std::chrono::milliseconds(250);
  // A call without a deadline has the greatest there is.
  if (deps_.clock.Wall() + kSlack >= context_.deadline()) return core::StreamEnd::kCallDeadline;
  return core::StreamEnd::kNone;
}

absl::StatusCode HeartbeatCall::EndCode(core::StreamEnd how) const {
  const absl::StatusCode told = told_.load(std::memory_order_relaxed);
  if (told != absl::StatusCode::kOk || !context_.IsCancelled()) return told;
  return how == core::StreamEnd::kCallDeadline ? absl::StatusCode::kDeadlineExceeded
                                               : absl::StatusCode::kCancelled;
}

// --- Operations --------------------------------------------------------------

void HeartbeatCall::Read() { stream_.Read(&incoming_, read_tag_.Arm()); }

void HeartbeatCall::Write(const grpc::ByteBuffer& message) { stream_.Write(message, write_tag_.Arm()); }

void HeartbeatCall::Finish(const grpc::Status& status) {
  told_.store(static_cast<absl::StatusCode>(status.error_code()), std::memory_order_relaxed);
  stream_.Finish(status, finish_tag_.Arm());
}

void HeartbeatCall::SetAlarm(grpc::Alarm& alarm, common::Duration span) {
  alarm.Set(&cq_, FromNow(span), alarm_tag_.Arm());
}

void HeartbeatCall::Cancel() { context_.TryCancel(); }

absl::StatusOr<auth::CallerPtr> HeartbeatCall::Identify() const { return engine_.gate().Identify(context_); }

}  // namespace liveness::rpc
