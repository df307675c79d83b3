// The library against the real server: two processes under one name, and hellos that come late.
#include <gmock/gmock.h>
#include <signal.h>

#include <thread>

#include "tests/integration/client/livenessd_fixture.h"
#include "tests/support/heartbeat_stream.h"
#include "tests/support/temp_dir.h"

namespace liveness::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

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

}  // namespace
}  // namespace liveness::testing
