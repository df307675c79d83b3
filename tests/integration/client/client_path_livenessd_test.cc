// The library against the real server over a path that hangs, is quiet, or ends at a server that stands
// still.
#include <gmock/gmock.h>

#include <thread>

#include "tests/integration/client/livenessd_fixture.h"
#include "tests/support/tcp_forwarder.h"

namespace liveness::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

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

}  // namespace
}  // namespace liveness::testing
