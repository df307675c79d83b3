// One Heartbeat call of the doctor's, with a thread that reads it. For one thread, which makes it, sends and
// ends it.
#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

#include <functional>
#include <memory>
#include <optional>
#include <thread>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/clock.h"
#include "common/mutex.h"
#include "liveness/v1/heartbeat_service.grpc.pb.h"

namespace liveness::cli::doctor {

class ProbeStream {
 public:
  // Called on the reading thread with each pong, and when it came.
  using OnPong = std::function<void(const v1::Pong& pong, common::MonoTime now)>;

  // `lifetime`: the call is cancelled after it, whatever happens.
  ProbeStream(const std::shared_ptr<grpc::Channel>& channel, common::Duration lifetime, OnPong on_pong = {});
  ~ProbeStream();
  ProbeStream(const ProbeStream&) = delete;
  ProbeStream& operator=(const ProbeStream&) = delete;

  // False if the stream is over.
  bool Send(const v1::HeartbeatRequest& request);
  // Sends `hello`, and waits for the answer to it: the welcome, or how the stream ended.
  absl::StatusOr<v1::Welcome> SayHello(const v1::HeartbeatRequest& hello, common::Duration limit);
  // Waits for the end that the server puts to the stream; cancels it if there is none within `limit`. The
  // stream's status then.
  absl::Status AwaitEnd(common::Duration limit);
  bool is_over();

 private:
  void Read();

  grpc::ClientContext context_;
  v1::HeartbeatService::Stub stub_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::HeartbeatRequest, v1::HeartbeatResponse>> call_;
  const OnPong on_pong_;
  common::Mutex mu_;
  common::CondVar changed_;
  std::optional<v1::Welcome> welcome_ ABSL_GUARDED_BY(mu_);
  bool over_ ABSL_GUARDED_BY(mu_) = false;
  std::optional<absl::Status> status_;
  std::thread reader_;
};

}  // namespace liveness::cli::doctor
