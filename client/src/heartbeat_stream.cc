#include "client/src/heartbeat_stream.h"

#include <utility>

#include "client/src/messages.h"
#include "client/src/parse_stream_end.h"
#include "common/files/token.h"

namespace liveness::internal {

HeartbeatStream::HeartbeatStream(StreamId id, std::shared_ptr<grpc::Channel> channel,
                                 std::shared_ptr<const ConnectionSocket> socket, grpc::CompletionQueue& queue,
                                 Listener& listener, const common::Clock& clock)
    : id_(id),
      listener_(listener),
      clock_(clock),
      queue_(queue),
      channel_(std::move(channel)),
      socket_(std::move(socket)),
      stub_(v1::HeartbeatService::NewStub(channel_)) {
  for (int operation = 0; operation < kOperations; ++operation) tags_[operation] = {this, operation};
}

void* HeartbeatStream::Begin(Operation operation) {
  ++outstanding_;
  return &tags_[operation];
}

void HeartbeatStream::Start(const std::string& token) {
  if (!token.empty()) context_.AddMetadata(common::kAuthorization, common::BearerOf(token));
  // Not wait-for-ready, because the session decides what follows on a connection that fails.
  call_ = stub_->PrepareAsyncHeartbeat(&context_, &queue_);
  call_->StartCall(Begin(kStart));
}

void HeartbeatStream::OnTag(const Tag& tag, bool ok) {
  --outstanding_;
  switch (tag.operation) {
    case kStart:
      if (!ok) return Finish();
      connected_ = true;
      call_->Read(&incoming_, Begin(kRead));
      if (!cancelled_) listener_.OnConnected(*this);
      return;
    case kRead:
      if (!ok) return Finish();
      if (!cancelled_) listener_.OnMessage(*this, incoming_);
      call_->Read(&incoming_, Begin(kRead));
      return;
    case kWrite:
      // After a failed write the read fails too, and brings the status.
      write_in_flight_ = false;
      write_broken_ = !ok;
      return WriteNext();
    case kFinish:
      finished_ = true;
      if (!cancelled_) listener_.OnEnd(*this, ParseStreamEnd(status_));
      return;
    default: return;
  }
}

void HeartbeatStream::Cancel() {
  if (cancelled_) return;
  cancelled_ = true;
  context_.TryCancel();
}

void HeartbeatStream::Finish() {
  if (std::exchange(finishing_, true)) return;
  call_->Finish(&status_, Begin(kFinish));
}

void HeartbeatStream::Put(Slot slot, v1::HeartbeatRequest message) {
  waiting_[slot] = std::move(message);
  WriteNext();
}

void HeartbeatStream::WriteNext() {
  if (!connected_ || write_in_flight_ || write_broken_ || cancelled_ || finishing_) return;
  for (auto& message : waiting_) {
    if (!message) continue;
    writing_ = *std::move(message);
    message.reset();
    write_in_flight_ = true;
    call_->Write(writing_, Begin(kWrite));
    return;
  }
}

void HeartbeatStream::SendHello(v1::HeartbeatRequest hello) { Put(kHello, std::move(hello)); }

void HeartbeatStream::SendPing(v1::HeartbeatRequest ping) { Put(kPing, std::move(ping)); }

void HeartbeatStream::SendPong(const v1::Ping& ping) {
  v1::HeartbeatRequest request;
  v1::Pong& pong = *request.mutable_pong();
  pong.set_sequence(ping.sequence());
  *pong.mutable_send_time() = ping.send_time();
  *pong.mutable_receive_time() = ToProto(clock_.Wall());
  Put(kPong, std::move(request));
}

void HeartbeatStream::SendUpdate(v1::HeartbeatRequest update) { Put(kUpdate, std::move(update)); }

void HeartbeatStream::SendGoodbye(const std::string& reason, const ExitStatus& exit) {
  v1::HeartbeatRequest request;
  v1::Goodbye& goodbye = *request.mutable_goodbye();
  goodbye.set_reason(reason);
  if (exit.exit_code) goodbye.set_exit_code(*exit.exit_code);
  if (exit.signal) goodbye.set_signal(*exit.signal);
  Put(kGoodbye, std::move(request));
}

}  // namespace liveness::internal
