// A heartbeat server in the test's own process that does what a script says.
//
// Each stream runs its script on a thread of gRPC's; the script's return value
// is the stream's status. Thread-safe.
#pragma once

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "liveness/v1/heartbeat_service.grpc.pb.h"

namespace liveness::testing {

// One stream as its script sees it. Used on the script's thread only.
class FakeStream {
 public:
  using Raw = grpc::ServerReaderWriter<v1::HeartbeatResponse, v1::HeartbeatRequest>;
  FakeStream(grpc::ServerContext& context, Raw& raw, int number)
      : context_(context), raw_(raw), number_(number) {}

  // Counts from 1.
  int number() const { return number_; }
  // The next message; nothing once the client is gone.
  std::optional<v1::HeartbeatRequest> Read();
  // The first message, which must be a hello.
  v1::Hello ReadHello();
  void Write(const v1::HeartbeatResponse& response) { raw_.Write(response); }
  void Welcome(std::uint64_t incarnation, int interval_ms, int timeout_ms,
               const std::string& token = "token");
  void Pong(const v1::Ping& ping);
  void Probe(std::uint64_t sequence);
  void Drain(int reconnect_within_ms);
  // Answers pings until goodbye (OK) or until the client is gone (CANCELLED).
  grpc::Status Serve();
  // Waits, without a word, until the client has left.
  grpc::Status StaySilent();
  bool cancelled() const { return context_.IsCancelled(); }

 private:
  grpc::ServerContext& context_;
  Raw& raw_;
  const int number_;
};

// With a google.rpc.ErrorInfo of domain `liveness`, and RetryInfo if `retry_ms` > 0.
grpc::Status ErrorWithReason(grpc::StatusCode code, const std::string& reason, int retry_ms = 0);

class FakeHeartbeatServer {
 public:
  using Script = std::function<grpc::Status(FakeStream&)>;

  // Listens on 127.0.0.1, on `port` or one that is free.
  explicit FakeHeartbeatServer(
      Script script, int port = 0,
      std::shared_ptr<grpc::ServerCredentials> credentials = grpc::InsecureServerCredentials(),
      std::unique_ptr<grpc::ServerBuilderOption> option = nullptr);
  // Cancels what is open and waits for the scripts.
  ~FakeHeartbeatServer();

  int port() const { return port_; }
  std::string target() const { return "127.0.0.1:" + std::to_string(port_); }
  int streams() const { return service_.streams; }

 private:
  struct Service final : v1::HeartbeatService::Service {
    grpc::Status Heartbeat(grpc::ServerContext* context, FakeStream::Raw* raw) override;
    Script script;
    std::atomic<int> streams{0};
  };

  Service service_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace liveness::testing
