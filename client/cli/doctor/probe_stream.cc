#include "client/cli/doctor/probe_stream.h"

#include <grpc/support/time.h>

#include <utility>

#include "common/grpc/grpc_status.h"
#include "common/saturating.h"

namespace liveness::cli::doctor {

ProbeStream::ProbeStream(const std::shared_ptr<grpc::Channel>& channel, common::Duration lifetime,
                         OnPong on_pong)
    : stub_(channel), on_pong_(std::move(on_pong)) {
  context_.set_deadline(gpr_time_from_nanos(lifetime.count(), GPR_TIMESPAN));
  call_ = stub_.Heartbeat(&context_);
  reader_ = std::thread([this] { Read(); });
}

ProbeStream::~ProbeStream() {
  if (!status_) (void)AwaitEnd(common::Duration::zero());
}

void ProbeStream::Read() {
  v1::HeartbeatResponse response;
  while (call_->Read(&response)) {
    if (response.has_pong() && on_pong_) on_pong_(response.pong(), common::SystemClock().Mono());
    if (!response.has_welcome()) continue;
    common::MutexLock lock(mu_);
    welcome_ = response.welcome();
    changed_.NotifyAll();
  }
  common::MutexLock lock(mu_);
  over_ = true;
  changed_.NotifyAll();
}

bool ProbeStream::is_over() {
  common::MutexLock lock(mu_);
  return over_;
}

bool ProbeStream::Send(const v1::HeartbeatRequest& request) { return !is_over() && call_->Write(request); }

absl::StatusOr<v1::Welcome> ProbeStream::SayHello(const v1::HeartbeatRequest& hello, common::Duration limit) {
  Send(hello);
  {
    const common::MonoTime end = common::SaturatingAdd(common::SystemClock().Mono(), limit);
    common::MutexLock lock(mu_);
    for (common::Duration left = limit; !welcome_ && !over_ && left > common::Duration::zero();
         left = end - common::SystemClock().Mono()) {
      changed_.WaitFor(mu_, left);
    }
    if (welcome_) return *welcome_;
  }
  absl::Status status = AwaitEnd(common::Duration::zero());
  if (absl::IsCancelled(status)) return absl::DeadlineExceededError("no answer to the hello in time");
  return status.ok() ? absl::UnknownError("the stream ended without a word") : status;
}

absl::Status ProbeStream::AwaitEnd(common::Duration limit) {
  if (status_) return *status_;
  {
    const common::MonoTime end = common::SaturatingAdd(common::SystemClock().Mono(), limit);
    common::MutexLock lock(mu_);
    for (common::Duration left = limit; !over_ && left > common::Duration::zero();
         left = end - common::SystemClock().Mono()) {
      changed_.WaitFor(mu_, left);
    }
    if (!over_) context_.TryCancel();
  }
  reader_.join();
  status_ = common::FromGrpc(call_->Finish());
  return *status_;
}

}  // namespace liveness::cli::doctor
