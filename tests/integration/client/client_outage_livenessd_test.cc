// The library against real servers that stop, die, restart or are not there.
#include <gmock/gmock.h>
#include <signal.h>

#include "tests/integration/client/livenessd_fixture.h"
#include "tests/support/foreign_responder.h"
#include "tests/support/temp_dir.h"

namespace liveness::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

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

TEST_F(ClientLivenessd, ARestartedServerIsFoundAgain) {
  StateLog log;
  server_ = ServerProcess::Start({ServerProcess::ListenOnOwnAddress()});
  ASSERT_TRUE(server_);
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

}  // namespace
}  // namespace liveness::testing
