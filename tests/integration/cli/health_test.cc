// `livenessctl health` in the place of grpc_health_probe: what it asks, its one line, and its exit codes.
#include <gmock/gmock.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <signal.h>

#include "grpc/health/v1/health.grpc.pb.h"
#include "tests/integration/cli/cli_process.h"
#include "tests/support/dead_addresses.h"
#include "tests/support/fake_watch_server.h"

namespace liveness::testing {
namespace {

namespace health = ::grpc::health::v1;

using ::testing::HasSubstr;

// Answers nothing, and ends when it is given up.
class SilentHealth final : public health::Health::Service {
  grpc::Status Check(grpc::ServerContext* context, const health::HealthCheckRequest*,
                     health::HealthCheckResponse*) override {
    EXPECT_TRUE(Eventually([context] { return context->IsCancelled(); }));
    return grpc::Status::CANCELLED;
  }
};

constexpr int kServing = 0;
constexpr int kBadArguments = 1;
constexpr int kNotConnected = 2;
constexpr int kRpcFailed = 3;
constexpr int kNotServing = 4;

class HealthTest : public CliTest {
 protected:
  // Patient: the machine may be busy with other things.
  CliResult HealthAt(const std::string& server, std::vector<std::string> args = {}) const {
    args.insert(args.begin(), {"--server=" + server, "health", "--connect-timeout=20s", "--rpc-timeout=20s"});
    CliProcess process(args);
    const int code = process.Wait();
    return {code, process.Out(), process.Err()};
  }
  CliResult Health(std::vector<std::string> args = {}) const {
    return HealthAt(server_->address(), std::move(args));
  }
};

TEST_F(HealthTest, AServerAndAClientThatServe) {
  const auto beat = Beat("web-1");
  for (const std::vector<std::string>& args : std::vector<std::vector<std::string>>{
           {}, {"web-1"}, {"clients/web-1"}, {"client/web-1"}, {"--", "web-1"}, {"--service=client/web-1"}}) {
    const CliResult health = Health(args);
    EXPECT_EQ(health.code, kServing) << health.err;
    EXPECT_EQ(health.out, "status: SERVING\n");
    EXPECT_EQ(health.err, "");
  }
}

TEST_F(HealthTest, ThatDoesNotServeIs4) {
  const auto beat = Beat("web-1");
  beat->Signal(SIGKILL);
  ASSERT_TRUE(Becomes("web-1", "STATE_DEAD"));
  const CliResult dead = Health({"web-1"});
  EXPECT_EQ(dead.code, kNotServing);
  EXPECT_EQ(dead.out, "");
  EXPECT_EQ(dead.err, "livenessctl: client/web-1 on " + server_->address() + " is NOT_SERVING\n");

  ASSERT_EQ(Run({"server", "drain"}).code, 0);
  const CliResult drained = Health();
  EXPECT_EQ(drained.code, kNotServing);
  EXPECT_EQ(drained.err, "livenessctl: " + server_->address() + " is NOT_SERVING\n");
}

TEST_F(HealthTest, WhatItDoesNotKnowIs3) {
  const CliResult client = Health({"nobody"});
  EXPECT_EQ(client.code, kRpcFailed);
  EXPECT_EQ(client.err, "livenessctl: " + server_->address() + " knows no service client/nobody\n");
  EXPECT_EQ(Health({"--service=orders.v1.Orders"}).code, kRpcFailed);

  const FakeWatchServer stranger([](FakeWatch&) { return grpc::Status::OK; });
  const CliResult other = HealthAt(stranger.address());
  EXPECT_EQ(other.code, kRpcFailed);
  EXPECT_EQ(other.err, "livenessctl: " + stranger.address() + " does not speak grpc.health.v1\n");
}

TEST_F(HealthTest, WhoDoesNotAnswerInTimeIs3) {
  SilentHealth service;
  int port = 0;
  const std::unique_ptr<grpc::Server> server =
      grpc::ServerBuilder()
          .AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port)
          .RegisterService(&service)
          .BuildAndStart();
  const std::string address = "127.0.0.1:" + std::to_string(port);
  CliProcess late({"--server=" + address, "health", "--connect-timeout=20s", "--rpc-timeout=200ms"});
  EXPECT_EQ(late.Wait(), kRpcFailed);
  EXPECT_EQ(late.Err(), "livenessctl: no answer from " + address + " within 200ms\n");
}

TEST_F(HealthTest, NobodyThereIs2) {
  const CliResult refused = HealthAt("127.0.0.1:1");
  EXPECT_EQ(refused.code, kNotConnected);
  EXPECT_THAT(refused.err, HasSubstr("refused"));

  const DeadAddresses gone(1);
  CliProcess silent({"--server=" + gone.text(), "health", "--connect-timeout=300ms"});
  EXPECT_EQ(silent.Wait(), kNotConnected);
  EXPECT_THAT(silent.Err(), HasSubstr("no connection within 300ms"));

  server_->Pause();
  CliProcess stopped({"--server=" + server_->address(), "health", "--connect-timeout=300ms"});
  EXPECT_EQ(stopped.Wait(), kNotConnected) << stopped.Err();
  server_->Continue();
}

TEST_F(HealthTest, AClientIsAskedOfTheNextServer) {
  const auto beat = Beat("web-1");
  const CliResult health = HealthAt("127.0.0.1:1," + server_->address(), {"web-1"});
  EXPECT_EQ(health.code, kServing) << health.err;
  EXPECT_THAT(health.err, HasSubstr("cannot reach 127.0.0.1:1"));
}

TEST_F(HealthTest, BadArgumentsAre1) {
  for (const std::vector<std::string>& args :
       std::vector<std::vector<std::string>>{{"--no-such-flag"},
                                             {"web-1", "web-2"},
                                             {"web-1", "--service=x"},
                                             {""},
                                             {"--connect-timeout=0s"},
                                             {"--rpc-timeout=soon"},
                                             {"--server=127.0.0.1:1,127.0.0.1:2"},
                                             {"--tls-ca=/does/not/exist"}}) {
    std::vector<std::string> all = args;
    all.insert(all.begin(), "health");
    CliProcess health(all);
    EXPECT_EQ(health.Wait(), kBadArguments) << ::testing::PrintToString(args);
    EXPECT_THAT(health.Err(), HasSubstr("livenessctl: "));
    EXPECT_EQ(health.Out(), "");
  }
}

}  // namespace
}  // namespace liveness::testing
