#include "server/rpc/heartbeat/heartbeat_call.h"

#include <utility>

#include "common/status.h"
#include "server/rpc/convert/error_details.h"
#include "server/rpc/heartbeat/ping_wire.h"

namespace liveness::rpc {

// --- Handle ------------------------------------------------------------------

void HeartbeatHandle::Probe(std::uint64_t sequence) {
  common::MutexLock lock(mu_);
  if (call_ == nullptr) return;
  call_->outbox_.PutProbe(sequence);
  call_->StartNext();
}

core::LinkEvidence HeartbeatHandle::Look() {
  const HeartbeatService* service = nullptr;
  HeartbeatCall::Connection connection;
  common::MonoTime probe_time;
  common::MonoTime pong_time;
  {
    common::MutexLock lock(mu_);
    if (call_ == nullptr) return {};
    service = &call_->service_;
    connection = call_->connection_;
    probe_time = call_->probe_time_;
    pong_time = call_->pong_time_;
  }
  core::LinkEvidence link = LinkOf(probe_time, pong_time, service->clock_.Mono());
  link.maybe_proxied = connection.maybe_proxied;
  if (connection.proxied) {
    link.tcp.absence = core::TcpAbsence::kProxy;
  } else {
    link.tcp = service->diag_.Ask({connection.local, connection.peer, connection.cookie});
  }
  return link;
}

void HeartbeatHandle::Drain(common::Duration reconnect_within) {
  common::MutexLock lock(mu_);
  if (call_ == nullptr || call_->session_ == nullptr) return;
  call_->outbox_.PutDrain(reconnect_within);
  call_->StartNext();
}

void HeartbeatHandle::End(const absl::Status& why) {
  common::MutexLock lock(mu_);
  if (call_ == nullptr || !call_->PutEnd(why)) return;
  call_->session_over_ = true;
  call_->Log(why);
}

void HeartbeatHandle::Farewell() {
  common::MutexLock lock(mu_);
  if (call_ != nullptr) call_->PutEnd(absl::OkStatus());
}

// --- Life --------------------------------------------------------------------

void HeartbeatCall::Ask(HeartbeatService& service, grpc::ServerCompletionQueue& cq, Engine& engine) {
  auto* call = new HeartbeatCall(service, cq, engine);
  call->context_.AsyncNotifyWhenDone(call->done_tag_.Arm());
  service.service_.RequestHeartbeat(&call->context_, &call->stream_, &cq, &cq, call->read_tag_.Arm());
}

HeartbeatCall::HeartbeatCall(HeartbeatService& service, grpc::ServerCompletionQueue& cq, Engine& engine)
    : token_(engine),
      cq_(cq),
      engine_(engine),
      service_(service),
      pulse_(service.registry_.pulses().at(engine.IndexOf(cq))),
      stream_(&context_) {}

HeartbeatCall::~HeartbeatCall() {
  if (handle_ == nullptr) return;
  engine_.StreamClosed(cq_);
  service_.Closed(handle_);
  if (has_quota_) service_.quota_.Release(net::NetworkOf(connection_.peer));
}

void HeartbeatCall::OnOpen(bool ok) {
  if (!ok) {  // the server stops; the tag of the call's end does not come either
    delete this;
    return;
  }
  engine_.StreamOpened(cq_);
  Ask(service_, engine_.QueueForStream(), engine_);
  const std::optional<net::Endpoint> peer = net::FromGrpcPeer(context_.peer());
  const absl::Status placed = place_.Take(engine_.connections(), peer);
  connection_.peer = peer.value_or(net::Endpoint{});
  handle_ = std::make_shared<HeartbeatHandle>(this);
  has_quota_ = service_.quota_.Acquire(net::NetworkOf(connection_.peer));
  const bool takes_calls = service_.Opened(handle_);

  common::MutexLock lock(handle_->mu_);
  absl::Status refused = placed;
  if (!refused.ok()) {
    // said already
  } else if (!takes_calls) {
    refused = DrainingError();
  } else if (!has_quota_) {
    refused = common::WithRetryDelay(common::Error(absl::StatusCode::kResourceExhausted, "TOO_MANY_STREAMS",
                                                   "too many streams from this address"),
                                     std::chrono::seconds(10));
  }
  if (refused.ok()) {
    SetAlarm(service_.options_.hello_timeout);
    StartRead();
  } else if (PutEnd(refused)) {
    Log(refused);
  }
}

// --- Tags --------------------------------------------------------------------

void HeartbeatCall::OnRead(bool ok) {
  if (handle_ == nullptr) {
    OnOpen(ok);
    return;
  }
  absl::StatusOr<Next> next = Next{};
  if (ok) {
    next = Take();
    if (!next.ok()) {
      Fail(next.status());
    } else if (next->attaching) {
      return;
    }
  }
  const auto handle = handle_;
  bool over = false;
  {
    common::MutexLock lock(handle->mu_);
    reading_ = false;
    if (ok) {
      if (next.ok() && next->pong) outbox_.PutPong(*next->pong);
      // The pong before the read: what the read sends, a window update, then leaves
      // with the pong and not in a system call of its own.
      StartNext();
      if (!outbox_.ending()) StartRead();
    } else if (!leaving_) {
      PutEnd(absl::OkStatus());
    }
    over = IsOver();
    if (over) handle->call_ = nullptr;
  }
  if (over) delete this;
}

void HeartbeatCall::OnWrite(bool) {
  const auto handle = handle_;
  bool over = false;
  {
    common::MutexLock lock(handle->mu_);
    writing_ = false;
    // A write that failed is followed by the end of the reads.
    StartNext();
    over = IsOver();
    if (over) handle->call_ = nullptr;
  }
  if (over) delete this;
}

void HeartbeatCall::OnFinish(bool) {
  const auto handle = handle_;
  bool over = false;
  {
    common::MutexLock lock(handle->mu_);
    finishing_ = false;
    over = IsOver();
    if (over) handle->call_ = nullptr;
  }
  if (over) delete this;
}

void HeartbeatCall::OnDone(bool) {
  if (context_.IsCancelled()) place_.WasReset(service_.clock_.Mono());
  const auto handle = handle_;
  bool over = false;
  EndedStream ended;
  {
    common::MutexLock lock(handle->mu_);
    done_ = true;
    if (alarm_ != nullptr) alarm_->Cancel();
    if (session_ != nullptr && !std::exchange(session_over_, true)) {
      ended = {.session = session_,
               .attachment = attachment_,
               .stream = handle,
               .client_id = client_id_,
               .ended_at = service_.clock_.Mono(),
               .how = HowItEnded(),
               .proxied = connection_.proxied,
               .maybe_proxied = connection_.maybe_proxied,
               .connection = {connection_.local, connection_.peer, connection_.cookie},
               .probe_time = probe_time_,
               .pong_time = pong_time_};
    }
  }
  if (ended.session != nullptr) service_.OnStreamEnded(std::move(ended));
  {
    common::MutexLock lock(handle->mu_);
    over = IsOver();
    if (over) handle->call_ = nullptr;
  }
  if (over) delete this;
}

void HeartbeatCall::OnAlarm(bool ok) {
  const auto handle = handle_;
  bool over = false;
  {
    common::MutexLock lock(handle->mu_);
    alarm_pending_ = false;
    alarm_.reset();
    if (done_) {
      // nothing waits any more
    } else if (outbox_.ending()) {
      if (ok && writing_) {
        context_.TryCancel();
      } else if (writing_) {
        SetAlarm(kFinishPatience);  // what was cancelled was the wait for the hello
      }
    } else if (ok) {
      const absl::Status why =
          common::Error(absl::StatusCode::kDeadlineExceeded, "HELLO_TIMEOUT", "no hello came in time");
      if (PutEnd(why)) Log(why);
    }
    over = IsOver();
    if (over) handle->call_ = nullptr;
  }
  if (over) delete this;
}

// --- The writing side --------------------------------------------------------

void HeartbeatCall::StartRead() {
  if (done_) return;
  reading_ = true;
  stream_.Read(&incoming_, read_tag_.Arm());
}

void HeartbeatCall::StartNext() {
  if (writing_ || finishing_ || done_) return;
  switch (outbox_.Take()) {
    case Outbox::Kind::kNothing: return;
    case Outbox::Kind::kWelcome: Write(*outbox_.welcome()); return;
    case Outbox::Kind::kDrain: Write(SerializeDrain(outbox_.drain())); return;
    case Outbox::Kind::kProbe:
      probe_sequence_ = outbox_.probe();
      probe_time_ = service_.clock_.Mono();
      Write(SerializeProbe(probe_sequence_, service_.clock_.Wall()));
      return;
    case Outbox::Kind::kPong: Write(WritePong(outbox_.pong())); return;
    case Outbox::Kind::kEnd:
      finishing_ = true;
      stream_.Finish(end_status_ ? *end_status_ : grpc::Status::OK, finish_tag_.Arm());
      return;
  }
}

void HeartbeatCall::Write(const grpc::ByteBuffer& bytes) {
  writing_ = true;
  stream_.Write(bytes, write_tag_.Arm());
}

void HeartbeatCall::SetAlarm(common::Duration span) {
  if (alarm_pending_ || done_) return;
  alarm_pending_ = true;
  alarm_ = std::make_unique<grpc::Alarm>();
  alarm_->Set(&cq_, FromNow(span), alarm_tag_.Arm());
}

bool HeartbeatCall::PutEnd(const absl::Status& why) {
  if (!outbox_.PutEnd()) return false;
  if (!why.ok()) end_status_ = std::make_unique<grpc::Status>(ToGrpcStatus(why));
  if (alarm_ != nullptr) alarm_->Cancel();
  if (writing_) SetAlarm(kFinishPatience);
  StartNext();
  return true;
}

}  // namespace liveness::rpc
