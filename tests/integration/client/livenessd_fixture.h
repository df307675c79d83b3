// What the tests of the library against the real server share: the server, and its record of the client
// `worker`.
#pragma once

#include <chrono>
#include <memory>

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include "liveness/v1/registry_service.grpc.pb.h"
#include "tests/integration/client/state_log.h"
#include "tests/support/heartbeat_stream.h"
#include "tests/support/server_process.h"

namespace liveness::testing {

class ClientLivenessd : public ::testing::Test {
 protected:
  void SetUp() override {
    server_ = ServerProcess::Start({"--keepalive-preset=strict"});
    ASSERT_TRUE(server_);
    channel_ = NewChannel(server_->address());
  }

  ClientOptions Options(StateLog& log) {
    ClientOptions options = OptionsFor(server_->address(), log);
    options.interval = std::chrono::milliseconds(200);
    options.timeout = std::chrono::seconds(2);
    return options;
  }

  v1::Client Record() {
    grpc::ClientContext context;
    v1::GetClientRequest request;
    request.set_name("clients/worker");
    v1::Client client;
    const grpc::Status status = v1::RegistryService::NewStub(channel_)->GetClient(&context, request, &client);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return client;
  }

  std::unique_ptr<ServerProcess> server_;
  std::shared_ptr<grpc::Channel> channel_;
};

}  // namespace liveness::testing
