#include "tests/integration/restart/visit.h"

namespace liveness::testing {

Visit::Visit(Host& host, v1::HeartbeatService::Stub& stub, grpc::CompletionQueue& cq, std::size_t member,
             const v1::HeartbeatRequest& hello)
    : host_(host), member_(member), hello_(hello) {
  stream_ = stub.PrepareAsyncHeartbeat(&context_, &cq);
  stream_->StartCall(start_tag_.Arm());
}

void Visit::OnStart(bool ok) {
  if (!ok) return Finish();
  started_ = true;
  stream_->Read(&response_, read_tag_.Arm());
  waiting_.push_front(hello_);
  OnWrite(true);
}

void Visit::OnRead(bool ok) {
  if (!ok) return Finish();
  host_.OnResponse(*this, response_);
  stream_->Read(&response_, read_tag_.Arm());
}

void Visit::Send(const v1::HeartbeatRequest& request) {
  waiting_.push_back(request);
  if (started_ && !writing_ && !over_) OnWrite(true);
}

void Visit::OnWrite(bool ok) {
  writing_ = false;
  // A write that failed is followed by the end of the reads.
  if (ok && !waiting_.empty() && !over_) {
    writing_ = true;
    stream_->Write(waiting_.front(), write_tag_.Arm());
    waiting_.pop_front();
  }
  LeaveIfOver();
}

void Visit::Finish() { stream_->Finish(&status_, finish_tag_.Arm()); }

void Visit::OnFinish(bool) {
  over_ = true;
  host_.OnEnd(*this, status_);
  LeaveIfOver();
}

void Visit::LeaveIfOver() {
  if (over_ && !writing_) delete this;
}

}  // namespace liveness::testing
