// What is between an open port and the first call that is taken.
#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "absl/status/status.h"
#include "liveness/v1/admin_service.grpc.pb.h"
#include "server/rpc/engine/engine.h"

namespace liveness::testing {
namespace {

// Nobody serves the method: whoever takes the call says UNIMPLEMENTED.
grpc::StatusCode Call(int port, std::chrono::milliseconds patience) {
  const auto channel =
      grpc::CreateChannel("127.0.0.1:" + std::to_string(port), grpc::InsecureChannelCredentials());
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + patience);
  v1::ServerInfo info;
  return v1::AdminService::NewStub(channel)->GetServerInfo(&context, {}, &info).error_code();
}

TEST(EngineStartTest, NoCallIsTakenBeforeWhatIsReadBackIsThere) {
  rpc::Engine engine(rpc::EngineOptions{});
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  const absl::Status started = engine.Start(builder, [&] {
    EXPECT_NE(port, 0);
    EXPECT_EQ(Call(port, std::chrono::milliseconds(300)), grpc::StatusCode::DEADLINE_EXCEEDED);
    return absl::OkStatus();
  });
  EXPECT_TRUE(started.ok()) << started;
  EXPECT_EQ(Call(port, std::chrono::seconds(30)), grpc::StatusCode::UNIMPLEMENTED);
}

TEST(EngineStartTest, WhatIsReadBackMayEndTheStart) {
  rpc::Engine engine(rpc::EngineOptions{});
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  EXPECT_EQ(engine.Start(builder, [] { return absl::FailedPreconditionError("not so"); }).message(),
            "not so");
  EXPECT_EQ(Call(port, std::chrono::seconds(30)), grpc::StatusCode::UNAVAILABLE);
}

}  // namespace
}  // namespace liveness::testing
