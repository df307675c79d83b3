// A Heartbeat call as a test drives it: send what you like, take what comes.
// Nothing is sent or answered by itself. One thread may use it.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include <google/protobuf/util/time_util.h>
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include "liveness/details/v1/error_details.pb.h"
#include "liveness/v1/heartbeat_service.grpc.pb.h"

namespace liveness::testing {

// A channel with a connection of its own. It is connected already if there is a server: gRPC 1.51 may take an
// attempt that goes well for one that failed, because it looks at errno after other calls than connect
// (grpc/grpc#35064), and a call that does not wait for the next attempt then ends as UNAVAILABLE. That befell
// one channel in a thousand, so an attempt that failed is made once more.
inline std::shared_ptr<grpc::Channel> NewChannel(
    const std::string& address,
    const std::shared_ptr<grpc::ChannelCredentials>& credentials = grpc::InsecureChannelCredentials(),
    grpc::ChannelArguments args = {}) {
  args.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  const auto give_up = std::chrono::system_clock::now() + std::chrono::seconds(3);
  const auto connect = [&] {
    auto channel = grpc::CreateCustomChannel(address, credentials, args);
    grpc_connectivity_state state = channel->GetState(true);
    while (state != GRPC_CHANNEL_READY && state != GRPC_CHANNEL_TRANSIENT_FAILURE &&
           channel->WaitForStateChange(state, give_up)) {
      state = channel->GetState(true);
    }
    return channel;
  };
  auto channel = connect();
  return channel->GetState(false) == GRPC_CHANNEL_TRANSIENT_FAILURE ? connect() : channel;
}

// The details of one error; empty fields where it has none.
struct ErrorDetails {
  std::string reason;
  std::string domain;
  details::v1::BadRequest bad_request;
  std::optional<google::protobuf::Duration> retry_delay;
};

inline ErrorDetails DetailsOf(const grpc::Status& status) {
  ErrorDetails result;
  details::v1::Status packed;
  if (!packed.ParseFromString(status.error_details())) return result;
  for (const auto& any : packed.details()) {
    details::v1::ErrorInfo info;
    details::v1::RetryInfo retry;
    if (any.type_url() == "type.googleapis.com/google.rpc.ErrorInfo" && info.ParseFromString(any.value())) {
      result.reason = info.reason();
      result.domain = info.domain();
    } else if (any.type_url() == "type.googleapis.com/google.rpc.BadRequest") {
      (void)result.bad_request.ParseFromString(any.value());
    } else if (any.type_url() == "type.googleapis.com/google.rpc.RetryInfo" &&
               retry.ParseFromString(any.value())) {
      result.retry_delay = retry.retry_delay();
    }
  }
  return result;
}

class HeartbeatStream {
 public:
  using Millis = std::chrono::milliseconds;
  static constexpr Millis kPatience{20'000};

  // `token`: a bearer's, empty: none.
  explicit HeartbeatStream(std::shared_ptr<grpc::Channel> channel, Millis call_deadline = Millis(0),
                           const std::string& token = {})
      : channel_(std::move(channel)), stub_(v1::HeartbeatService::NewStub(channel_)) {
    if (call_deadline.count() > 0) context_.set_deadline(std::chrono::system_clock::now() + call_deadline);
    if (!token.empty()) context_.AddMetadata("authorization", "Bearer " + token);
    stream_ = stub_->Heartbeat(&context_);
    reader_ = std::thread([this] { Read(); });
  }
  explicit HeartbeatStream(const std::string& address) : HeartbeatStream(NewChannel(address)) {}

  ~HeartbeatStream() {
    context_.TryCancel();
    reader_.join();
  }

  static v1::HeartbeatRequest Hello(const std::string& client_id, const std::string& instance_id,
                                    Millis interval = Millis(1000), Millis timeout = Millis(3000)) {
    using google::protobuf::util::TimeUtil;
    v1::HeartbeatRequest request;
    auto& hello = *request.mutable_hello();
    hello.set_client_id(client_id);
    hello.set_instance_id(instance_id);
    *hello.mutable_interval() = TimeUtil::MillisecondsToDuration(interval.count());
    *hello.mutable_timeout() = TimeUtil::MillisecondsToDuration(timeout.count());
    return request;
  }

  bool Send(const v1::HeartbeatRequest& request) { return stream_->Write(request); }
  bool Ping(std::uint64_t sequence) {
    v1::HeartbeatRequest request;
    request.mutable_ping()->set_sequence(sequence);
    *request.mutable_ping()->mutable_send_time() = google::protobuf::util::TimeUtil::GetCurrentTime();
    return Send(request);
  }
  bool Goodbye() {
    v1::HeartbeatRequest request;
    request.mutable_goodbye();
    return Send(request);
  }
  void HalfClose() { stream_->WritesDone(); }
  void Cancel() { context_.TryCancel(); }

  // What came next, in order; nothing if the stream ended or took too long.
  std::optional<v1::HeartbeatResponse> Receive(Millis patience = kPatience) {
    std::unique_lock lock(mu_);
    changed_.wait_for(lock, patience, [this] { return !responses_.empty() || status_; });
    if (responses_.empty()) return std::nullopt;
    v1::HeartbeatResponse response = std::move(responses_.front());
    responses_.pop_front();
    return response;
  }

  // The welcome to `hello`; nothing if anything else came first.
  std::optional<v1::Welcome> Join(const v1::HeartbeatRequest& hello) {
    if (!Send(hello)) return std::nullopt;
    const auto response = Receive();
    if (!response || !response->has_welcome()) return std::nullopt;
    return response->welcome();
  }

  // How the stream ended; nothing if it did not in time.
  std::optional<grpc::Status> End(Millis patience = kPatience) {
    std::unique_lock lock(mu_);
    changed_.wait_for(lock, patience, [this] { return status_.has_value(); });
    return status_;
  }

 private:
  void Read() {
    v1::HeartbeatResponse response;
    while (stream_->Read(&response)) {
      std::lock_guard lock(mu_);
      responses_.push_back(response);
      changed_.notify_all();
    }
    grpc::Status status = stream_->Finish();
    std::lock_guard lock(mu_);
    status_ = std::move(status);
    changed_.notify_all();
  }

  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::HeartbeatService::Stub> stub_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::HeartbeatRequest, v1::HeartbeatResponse>> stream_;
  std::thread reader_;

  std::mutex mu_;
  std::condition_variable changed_;
  std::deque<v1::HeartbeatResponse> responses_;
  std::optional<grpc::Status> status_;
};

}  // namespace liveness::testing
