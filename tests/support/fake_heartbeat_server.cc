#include "tests/support/fake_heartbeat_server.h"

#include <chrono>
#include <utility>

#include "liveness/details/v1/error_details.pb.h"

namespace liveness::testing {
namespace {

void Set(google::protobuf::Duration* duration, int milliseconds) {
  duration->set_seconds(milliseconds / 1000);
  duration->set_nanos(milliseconds % 1000 * 1'000'000);
}

template <typename T>
void Add(details::v1::Status& status, const std::string& name, const T& detail) {
  auto& any = *status.add_details();
  any.set_type_url("type.googleapis.com/google.rpc." + name);
  any.set_value(detail.SerializeAsString());
}

}  // namespace

std::optional<v1::HeartbeatRequest> FakeStream::Read() {
  v1::HeartbeatRequest request;
  if (!raw_.Read(&request)) return std::nullopt;
  return request;
}

v1::Hello FakeStream::ReadHello() {
  const auto request = Read();
  return request ? request->hello() : v1::Hello();
}

void FakeStream::Welcome(std::uint64_t incarnation, int interval_ms, int timeout_ms,
                         const std::string& token) {
  v1::HeartbeatResponse response;
  v1::Welcome& welcome = *response.mutable_welcome();
  welcome.set_incarnation(incarnation);
  welcome.set_server_id("fake");
  welcome.set_resume_token(token);
  Set(welcome.mutable_interval(), interval_ms);
  Set(welcome.mutable_timeout(), timeout_ms);
  Set(welcome.mutable_resume_grace(), 1000);
  Write(response);
}

void FakeStream::Pong(const v1::Ping& ping) {
  v1::HeartbeatResponse response;
  response.mutable_pong()->set_sequence(ping.sequence());
  *response.mutable_pong()->mutable_send_time() = ping.send_time();
  Write(response);
}

void FakeStream::Probe(std::uint64_t sequence) {
  v1::HeartbeatResponse response;
  response.mutable_ping()->set_sequence(sequence);
  Write(response);
}

void FakeStream::Drain(int reconnect_within_ms) {
  v1::HeartbeatResponse response;
  Set(response.mutable_drain()->mutable_reconnect_within(), reconnect_within_ms);
  Write(response);
}

grpc::Status FakeStream::Serve() {
  while (const auto request = Read()) {
    if (request->has_ping()) Pong(request->ping());
    if (request->has_goodbye()) return grpc::Status::OK;
  }
  return grpc::Status::CANCELLED;
}

grpc::Status FakeStream::StaySilent() {
  while (Read()) {
  }
  return grpc::Status::CANCELLED;
}

grpc::Status ErrorWithReason(grpc::StatusCode code, const std::string& reason, int retry_ms) {
  details::v1::Status details;
  details::v1::ErrorInfo info;
  info.set_domain("liveness");
  info.set_reason(reason);
  Add(details, "ErrorInfo", info);
  if (retry_ms > 0) {
    details::v1::RetryInfo retry;
    Set(retry.mutable_retry_delay(), retry_ms);
    Add(details, "RetryInfo", retry);
  }
  return {code, reason + " by script", details.SerializeAsString()};
}

grpc::Status FakeHeartbeatServer::Service::Heartbeat(grpc::ServerContext* context, FakeStream::Raw* raw) {
  FakeStream stream(*context, *raw, ++streams);
  return script(stream);
}

FakeHeartbeatServer::FakeHeartbeatServer(Script script, int port,
                                         std::shared_ptr<grpc::ServerCredentials> credentials,
                                         std::unique_ptr<grpc::ServerBuilderOption> option) {
  service_.script = std::move(script);
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:" + std::to_string(port), std::move(credentials), &port_);
  builder.RegisterService(&service_);
  if (option) builder.SetOption(std::move(option));
  server_ = builder.BuildAndStart();
}

FakeHeartbeatServer::~FakeHeartbeatServer() {
  if (server_) server_->Shutdown(std::chrono::system_clock::now());
}

}  // namespace liveness::testing
