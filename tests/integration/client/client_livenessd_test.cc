// The library against the real server.
#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <thread>

#include "liveness/v1/admin_service.grpc.pb.h"
#include "liveness/v1/registry_service.grpc.pb.h"
#include "tests/integration/client/state_log.h"
#include "tests/support/foreign_responder.h"
#include "tests/support/heartbeat_stream.h"
#include "tests/support/server_process.h"
#include "tests/support/tcp_forwarder.h"
#include "tests/support/temp_dir.h"

namespace liveness::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

class ClientLivenessd : public ::testing::Test {
 protected:
  void SetUp() override {
    server_ = ServerProcess::Start({"--keepalive-preset=strict"});
    ASSERT_TRUE(server_);
    channel_ = grpc::CreateChannel(server_->address(), grpc::InsecureChannelCredentials());
  }

  ClientOptions Options(StateLog& log) {
    ClientOptions options = OptionsFor(server_->address(), log);
    options.interval = 200ms;
    options.timeout = 2s;
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

TEST_F(ClientLivenessd, LivesAndLeaves) {
  StateLog log;
  ClientOptions options = Options(log);
  options.labels = {{"zone", "a"}};
  const auto client = StartClient(options);
  ASSERT_TRUE(log.WaitFor("LIVE"));
  ASSERT_TRUE(Eventually([&] { return client->counters().pongs_received >= 3; }));
  EXPECT_TRUE(client->alive());
  v1::Client record = Record();
  EXPECT_EQ(record.state(), v1::STATE_ALIVE);
  EXPECT_EQ(record.incarnation(), client->incarnation());
  EXPECT_EQ(record.labels().at("zone"), "a");
  EXPECT_EQ(client->welcome()->timeout, 2s);
  EXPECT_TRUE(client->welcome()->server_keepalive.tcp_enabled);
  EXPECT_EQ(client->welcome()->server_keepalive.tcp_idle, 6s);

  EXPECT_FALSE(client->UpdateLabels({{"zone", "b"}}));
  EXPECT_TRUE(Eventually([&] { return Record().labels().at("zone") == "b"; }));

  EXPECT_TRUE(client->Goodbye("done"));
  EXPECT_TRUE(Eventually([&] { return Record().state() == v1::STATE_LEFT; }));
  EXPECT_EQ(Record().cause(), v1::CAUSE_SAID_GOODBYE);
}

TEST_F(ClientLivenessd, AFailureInTheGoodbyeIsADeath) {
  StateLog log;
  const auto client = StartClient(Options(log));
  ASSERT_TRUE(log.WaitFor("LIVE"));
  client->Goodbye("crashed", {.signal = 11});
  EXPECT_TRUE(Eventually([&] { return Record().state() == v1::STATE_DEAD; }));
  EXPECT_EQ(Record().cause(), v1::CAUSE_PROCESS_EXITED);
}

TEST_F(ClientLivenessd, ADenialBySomebodyElseWhileTheServerRestartsCostsNothing) {
  const TempDir dir;
  const std::vector<std::string> args = {"--store=sqlite", "--data-dir=" + dir.path().string(),
                                         "--restart-grace=20s"};
  auto server = ServerProcess::Start(args);
  ASSERT_TRUE(server);
  const std::string address = server->address();
  StateLog log;
  ClientOptions options = Options(log);
  options.targets = {address};
  const auto client = StartClient(options);
  ASSERT_TRUE(log.WaitFor("LIVE"));
  const std::uint64_t incarnation = client->incarnation();
  server->Signal(SIGKILL);
  (void)server->WaitForExit(15s);
  {
    ForeignResponder responder(std::stoi(address.substr(address.rfind(':') + 1)), {{":status", "403"}});
    ASSERT_TRUE(responder.listens());
    ASSERT_TRUE(Eventually([&] { return responder.answered() >= 3; }));
  }
  auto with_address = args;
  with_address.push_back("--listen=" + address);
  server = ServerProcess::Start(with_address);
  ASSERT_TRUE(server);
  EXPECT_TRUE(log.WaitFor("LIVE", 2));
  EXPECT_EQ(client->incarnation(), incarnation) << "nobody was declared dead";
  EXPECT_EQ(log.Count("CONNECTING FOREIGN_REFUSAL"), 1) << "the application knows why it took so long";
}

TEST_F(ClientLivenessd, OfTwoWithOneInstanceIdTheYoungerStays) {
  StateLog older_log;
  ClientOptions options = Options(older_log);
  options.instance_id = "the-same";
  const auto older = StartClient(options);
  ASSERT_TRUE(older_log.WaitFor("LIVE"));
  StateLog younger_log;
  options.on_state = younger_log.Callback();
  const auto younger = StartClient(options);
  EXPECT_TRUE(older_log.WaitFor("STOPPED SUPERSEDED"));
  EXPECT_TRUE(Eventually([&] { return younger->state() == State::kLive; }));
  EXPECT_GT(younger->incarnation(), older->incarnation());
  EXPECT_EQ(Record().state(), v1::STATE_ALIVE);
}

TEST_F(ClientLivenessd, ALateHelloDoesNotEndTheClientThatSentIt) {
  StateLog log;
  ClientOptions options = Options(log);
  options.instance_id = "lone";
  const auto client = StartClient(options);
  ASSERT_TRUE(log.WaitFor("LIVE"));
  // As its first hello would come, delayed; and as a library would send it that does not count.
  for (const std::uint32_t attempt : {1u, 0u}) {
    auto hello = HeartbeatStream::Hello("worker", "lone", std::chrono::milliseconds(200), 2s);
    hello.mutable_hello()->set_attempt(attempt);
    HeartbeatStream late(server_->address());
    ASSERT_TRUE(late.Send(hello));
    ASSERT_TRUE(late.Receive(5s) || late.End(1s)) << attempt;
    late.Cancel();
    const std::uint64_t pongs = client->counters().pongs_received;
    EXPECT_TRUE(Eventually([&] { return client->counters().pongs_received >= pongs + 3; })) << attempt;
  }
  EXPECT_EQ(log.Count("STOPPED SUPERSEDED"), 0);
  EXPECT_EQ(client->state(), State::kLive);
}

TEST_F(ClientLivenessd, AHelloThatIsLateOverARestartIsKnownForLate) {
  const TempDir dir;
  const std::vector<std::string> args = {"--store=sqlite", "--data-dir=" + dir.path().string()};
  auto server = ServerProcess::Start(args);
  ASSERT_TRUE(server);
  auto hello = HeartbeatStream::Hello("worker", "one");
  hello.mutable_hello()->set_attempt(5);
  ASSERT_TRUE(HeartbeatStream(server->address()).Join(hello));
  server->Signal(SIGKILL);
  (void)server->WaitForExit(15s);
  server = ServerProcess::Start(args);
  ASSERT_TRUE(server);
  hello.mutable_hello()->set_attempt(4);
  HeartbeatStream late(server->address());
  ASSERT_TRUE(late.Send(hello));
  const auto end = late.End();
  ASSERT_TRUE(end);
  EXPECT_EQ(end->error_code(), grpc::StatusCode::CANCELLED);
  EXPECT_EQ(DetailsOf(*end).reason, "STALE_HELLO");
}

TEST_F(ClientLivenessd, TheYoungerOfTwoSupersedesTheOlderForGood) {
  StateLog older_log;
  const auto older = StartClient(Options(older_log));
  ASSERT_TRUE(older_log.WaitFor("LIVE"));
  StateLog younger_log;
  const auto younger = StartClient(Options(younger_log));
  EXPECT_TRUE(older_log.WaitFor("STOPPED SUPERSEDED"));
  EXPECT_TRUE(younger_log.WaitFor("LIVE"));
  EXPECT_GT(younger->incarnation(), older->incarnation());
  std::this_thread::sleep_for(500ms);
  EXPECT_THAT(younger_log.texts(), ElementsAre("CONNECTING", "LIVE"));
}

TEST_F(ClientLivenessd, EvictionIsFinal) {
  StateLog log;
  const auto client = StartClient(Options(log));
  ASSERT_TRUE(log.WaitFor("LIVE"));
  grpc::ClientContext context;
  v1::EvictClientRequest request;
  request.set_name("clients/worker");
  v1::Client response;
  const grpc::Status status = v1::AdminService::NewStub(channel_)->EvictClient(&context, request, &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_TRUE(log.WaitFor("STOPPED EVICTED"));
}

TEST_F(ClientLivenessd, AStoppedServerIsToldAndComeBackTo) {
  StateLog log;
  const auto client = StartClient(Options(log));
  ASSERT_TRUE(log.WaitFor("LIVE"));
  ASSERT_TRUE(Eventually([&] { return client->counters().pongs_received >= 2; }));
  const std::uint64_t incarnation = client->incarnation();
  server_->Pause();
  ASSERT_TRUE(log.WaitFor("LOST SERVER_SILENT"));
  EXPECT_FALSE(client->alive());
  server_->Continue();
  ASSERT_TRUE(log.WaitFor("LIVE", 2));
  EXPECT_EQ(client->incarnation(), incarnation) << "the pause was the server's fault";
}

// As where a packet is lost again and again: what is open hangs, what is new gets through.
TEST_F(ClientLivenessd, AConnectionThatHangsIsReplacedBeforeAnybodyNotices) {
  TcpForwarder cable(server_->address());
  StateLog log;
  ClientOptions options = Options(log);
  options.targets = {cable.address()};
  options.timeout = 6s;
  const auto client = StartClient(options);
  ASSERT_TRUE(Eventually([&] { return client->counters().pongs_received >= 3; }));
  const std::uint64_t attachment = Record().attachment();
  for (std::uint64_t turn = 2; turn <= 3; ++turn) {
    cable.LoseOnOpen();
    ASSERT_TRUE(Eventually([&] { return client->counters().welcomes >= turn; }));
    const std::uint64_t pongs = client->counters().pongs_received;
    ASSERT_TRUE(Eventually([&] { return client->counters().pongs_received > pongs; }));
  }
  EXPECT_THAT(log.texts(), ElementsAre("CONNECTING", "LIVE"));
  EXPECT_EQ(client->counters().losses, 0u);
  const v1::Client record = Record();
  EXPECT_EQ(record.state(), v1::STATE_ALIVE);
  EXPECT_EQ(record.incarnation(), client->incarnation());
  EXPECT_GT(record.attachment(), attachment);
  grpc::ClientContext context;
  v1::ListTransitionsRequest request;
  v1::ListTransitionsResponse told;
  ASSERT_TRUE(v1::RegistryService::NewStub(channel_)->ListTransitions(&context, request, &told).ok());
  for (const v1::Transition& each : told.transitions()) EXPECT_EQ(each.to_state(), v1::STATE_ALIVE);
}

TEST_F(ClientLivenessd, AQuietPathIsGivenOneConnection) {
  TcpForwarder cable(server_->address());
  StateLog log;
  ClientOptions options = Options(log);
  options.targets = {cable.address()};
  options.interval = 100ms;
  options.timeout = 10s;
  const auto client = StartClient(options);
  ASSERT_TRUE(Eventually([&] { return client->counters().pongs_received >= 30; }));
  EXPECT_EQ(cable.accepted(), 1);
}

TEST_F(ClientLivenessd, AServerThatStandsStillIsGivenNoConnectionBeforeTheTimeoutAndOneThen) {
  StateLog log;
  const auto client = StartClient(Options(log));
  ASSERT_TRUE(Eventually([&] { return client->counters().pongs_received >= 3; }));
  server_->Pause();
  std::this_thread::sleep_for(1200ms);
  server_->Continue();
  const std::uint64_t pongs = client->counters().pongs_received;
  ASSERT_TRUE(Eventually([&] { return client->counters().pongs_received > pongs; }));
  const std::uint64_t attempts = client->counters().attempts;
  EXPECT_TRUE(attempts == 1 || client->counters().losses > 0) << "unless this machine stood still, too";

  server_->Pause();
  ASSERT_TRUE(log.WaitFor("LOST SERVER_SILENT"));
  std::this_thread::sleep_for(1s);
  server_->Continue();
  ASSERT_TRUE(Eventually([&] { return client->alive(); }));
  EXPECT_LE(client->counters().attempts, attempts + 1) << "its kernel has taken all that was sent";
}

TEST_F(ClientLivenessd, ARestartedServerIsFoundAgain) {
  StateLog log;
  const std::string address = server_->address();
  const auto client = StartClient(Options(log));
  ASSERT_TRUE(log.WaitFor("LIVE"));
  EXPECT_EQ(server_->Stop(), 0);
  server_ = ServerProcess::Start({"--listen=" + address});
  ASSERT_TRUE(server_);
  ASSERT_TRUE(Eventually([&] { return client->alive(); }));
  EXPECT_EQ(client->state(), State::kLive);
}

// The other server has another store, so the move is a new session; but at no
// moment is the application without one.
TEST_F(ClientLivenessd, AServerThatStopsIsLeftWithoutALoss) {
  const auto next = ServerProcess::Start({"--keepalive-preset=strict"});
  ASSERT_TRUE(next);
  StateLog log;
  ClientOptions options = Options(log);
  options.targets.push_back(next->address());
  const auto client = StartClient(options);
  ASSERT_TRUE(log.WaitFor("LIVE"));
  EXPECT_EQ(server_->Stop(), 0);
  ASSERT_TRUE(log.WaitFor("LIVE", 2));
  EXPECT_THAT(log.texts(), ElementsAre("CONNECTING", "LIVE", "LIVE"));
  EXPECT_EQ(client->counters().losses, 0u);
  EXPECT_TRUE(client->alive());
}

TEST_F(ClientLivenessd, AServerThatIsKilledCostsOneFailedAttempt) {
  const auto next = ServerProcess::Start({"--keepalive-preset=strict"});
  ASSERT_TRUE(next);
  StateLog log;
  ClientOptions options = Options(log);
  options.targets.push_back(next->address());
  const auto client = StartClient(options);
  ASSERT_TRUE(Eventually([&] { return client->counters().pongs_received >= 2; }));
  server_->Signal(SIGKILL);
  ASSERT_TRUE(log.WaitFor("LIVE", 2));
  EXPECT_LE(client->counters().attempts, 3u);
  EXPECT_EQ(client->counters().losses, 1u);
}

// A path with characters that mean something else in a URI, as gRPC reads it.
TEST(ClientUnixSocket, LivesDiesAndFallsBackToTcp) {
  const TempDir dir;
  const std::string path = "unix:" + dir.file("a b%20#.sock");
  const auto server = ServerProcess::Start({"--listen=127.0.0.1:0," + path, "--resume-grace=200ms"});
  ASSERT_TRUE(server);
  const std::string tcp = server->address();
  const auto stub =
      v1::RegistryService::NewStub(grpc::CreateChannel(tcp, grpc::InsecureChannelCredentials()));
  const auto record = [&] {
    grpc::ClientContext context;
    v1::GetClientRequest request;
    request.set_name("clients/worker");
    v1::Client client;
    EXPECT_TRUE(stub->GetClient(&context, request, &client).ok());
    return client;
  };
  StateLog log;
  ClientOptions options = OptionsFor(path, log);
  options.interval = 200ms;
  options.timeout = 2s;
  options.keepalive = Keepalive::Strict();  // of TCP, which a Unix socket does not have
  {
    const auto client = StartClient(options);
    ASSERT_TRUE(log.WaitFor("LIVE")) << server->StandardError();
    ASSERT_TRUE(Eventually([&] { return client->counters().pongs_received >= 3; }));
    EXPECT_EQ(record().state(), v1::STATE_ALIVE);
    // What the kernel tells of TCP it does not tell here, and nobody claims that it did.
    EXPECT_NE(record().evidence().tcp().absence(), v1::TCP_ABSENCE_CLOSED);
    EXPECT_NE(record().evidence().tcp().absence(), v1::TCP_ABSENCE_PROXY);
    (void)client->Goodbye("done");
    EXPECT_TRUE(Eventually([&] { return record().state() == v1::STATE_LEFT; }));
  }
  // Nobody listens on the first of two: the next is tried.
  StateLog other;
  options = OptionsFor("unix:" + dir.file("nobody.sock"), other);
  options.targets.push_back(path);
  const auto client = StartClient(options);
  EXPECT_TRUE(other.WaitFor("LIVE"));
}

}  // namespace
}  // namespace liveness::testing
