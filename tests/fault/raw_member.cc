#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>
#include <unistd.h>

#include <atomic>
#include <thread>
#include <utility>

#include "common/mutex.h"
#include "liveness/v1/heartbeat_service.grpc.pb.h"
#include "tests/fault/member.h"

namespace liveness::fault {
namespace {

void ToProto(std::chrono::nanoseconds span, google::protobuf::Duration& proto) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(span);
  proto.set_seconds(seconds.count());
  proto.set_nanos(static_cast<std::int32_t>((span - seconds).count()));
}

std::shared_ptr<grpc::Channel> NewChannel(const std::string& target) {
  grpc::ChannelArguments args;
  args.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);  // a connection of its own
  args.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  return grpc::CreateCustomChannel("ipv4:" + target, grpc::InsecureChannelCredentials(), args);
}

// Two threads, one that writes and one that reads. Both live until the stream ends.
class RawMember final : public Member {
 public:
  RawMember(MemberOptions options, Slot& slot)
      : options_(std::move(options)),
        slot_(slot),
        stub_(v1::HeartbeatService::NewStub(NewChannel(options_.target))) {
    context_.set_wait_for_ready(true);
    stream_ = stub_->Heartbeat(&context_);
    SayHello();
    reader_ = std::thread([this] { Read(); });
    writer_ = std::thread([this] { Beat(); });
  }

  ~RawMember() override {
    stopping_.store(true);
    context_.TryCancel();
    reader_.join();
    writer_.join();
  }

  void Cancel() override {
    stopping_.store(true);
    context_.TryCancel();
  }
  void HalfClose() override {
    stopping_.store(true);
    common::MutexLock lock(mu_);
    stream_->WritesDone();
  }
  void Goodbye() override {
    stopping_.store(true);
    v1::HeartbeatRequest request;
    request.mutable_goodbye();
    Send(request);
  }

 private:
  void SayHello() {
    v1::HeartbeatRequest request;
    v1::Hello& hello = *request.mutable_hello();
    hello.set_client_id(options_.client_id);
    hello.set_instance_id(options_.client_id + "/" + std::to_string(MonoNanos()));
    hello.set_pid(getpid());
    ToProto(options_.interval, *hello.mutable_interval());
    ToProto(options_.timeout, *hello.mutable_timeout());
    hello.mutable_labels()->insert(options_.labels.begin(), options_.labels.end());
    if (options_.phi > 0) {
      hello.mutable_detection()->set_method(v1::DETECTION_METHOD_ACCRUAL);
      hello.mutable_detection()->set_threshold(options_.phi);
    }
    // It counts as the first sign of life.
    slot_.last_ping.store(MonoNanos());
    Send(request);
  }

  void Beat() {
    auto next = std::chrono::steady_clock::now();
    for (std::uint64_t sequence = 1; !stopping_.load(); ++sequence) {
      next = std::max(next + options_.interval, std::chrono::steady_clock::now());
      std::this_thread::sleep_until(next);
      if (stopping_.load()) return;
      v1::HeartbeatRequest request;
      request.mutable_ping()->set_sequence(sequence);
      const std::int64_t now = MonoNanos();
      slot_.last_ping.store(now);
      slot_.written.store(now);
      if (!Send(request)) return;
    }
  }

  void Read() {
    v1::HeartbeatResponse response;
    while (stream_->Read(&response)) {
      slot_.answers.fetch_add(1);
      if (slot_.incarnation.load() == 0) {
        // An echo welcomes nobody; its first answer does as well.
        slot_.incarnation.store(response.has_welcome() ? response.welcome().incarnation() : 1);
        slot_.state.store(static_cast<std::int64_t>(MemberState::kLive));
      }
      if (!response.has_ping() || stopping_.load()) continue;
      v1::HeartbeatRequest request;
      request.mutable_pong()->set_sequence(response.ping().sequence());
      Send(request);
    }
    stopping_.store(true);
    slot_.losses.fetch_add(1);
    slot_.state.store(static_cast<std::int64_t>(MemberState::kEnded));
    (void)stream_->Finish();
  }

  bool Send(const v1::HeartbeatRequest& request) {
    common::MutexLock lock(mu_);
    return stream_->Write(request);
  }

  const MemberOptions options_;
  Slot& slot_;
  std::unique_ptr<v1::HeartbeatService::Stub> stub_;
  grpc::ClientContext context_;
  common::Mutex mu_;  // one write at a time
  std::unique_ptr<grpc::ClientReaderWriter<v1::HeartbeatRequest, v1::HeartbeatResponse>> stream_;
  std::atomic<bool> stopping_{false};
  std::thread reader_;
  std::thread writer_;
};

}  // namespace

std::unique_ptr<Member> NewRawMember(MemberOptions options, Slot& slot) {
  return std::make_unique<RawMember>(std::move(options), slot);
}

}  // namespace liveness::fault
