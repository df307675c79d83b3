// The library against the real server: how a client lives, leaves and is evicted, over TCP and a Unix socket.
#include "liveness/v1/admin_service.grpc.pb.h"
#include "liveness/v1/registry_service.grpc.pb.h"
#include "tests/integration/client/livenessd_fixture.h"
#include "tests/support/temp_dir.h"

namespace liveness::testing {
namespace {

using namespace std::chrono_literals;

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

// A path with characters that mean something else in a URI, as gRPC reads it.
TEST(ClientUnixSocket, LivesDiesAndFallsBackToTcp) {
  const TempDir dir;
  const std::string path = "unix:" + dir.file("a b%20#.sock");
  const auto server = ServerProcess::Start({"--listen=127.0.0.1:0," + path, "--resume-grace=200ms"});
  ASSERT_TRUE(server);
  const std::string tcp = server->address();
  const auto stub = v1::RegistryService::NewStub(NewChannel(tcp));
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
