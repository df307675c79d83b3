// A server on a Unix socket, by gRPC's own `unix:` channel.
#include <sys/stat.h>

#include <csignal>

#include "tests/integration/listener/listener_fixture.h"

namespace liveness::testing {
namespace {

using ::testing::HasSubstr;

class UnixListenerTest : public ListenerTest {
 protected:
  const TempDir dir_;
  const std::string path_ = dir_.file("liveness.sock");
  const std::string listen_ = "--listen=unix:" + path_;
};

TEST_F(UnixListenerTest, ServesBeatsAndLists) {
  StartServer({listen_, "--listen-unix-mode=0600", "--data-dir=:memory:"});
  EXPECT_EQ(address(), "unix:" + path_);
  struct stat found {};
  ASSERT_EQ(stat(path_.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 07777, 0600U);

  HeartbeatStream stream(channel_);
  ASSERT_TRUE(stream.Join(HeartbeatStream::Hello("a", "1")));
  ASSERT_TRUE(stream.Ping(1));
  EXPECT_TRUE(stream.Receive()->has_pong());
  v1::ListClientsResponse list;
  grpc::ClientContext context;
  ASSERT_TRUE(v1::RegistryService::NewStub(channel_)->ListClients(&context, {}, &list).ok());
  ASSERT_EQ(list.clients_size(), 1);
  EXPECT_EQ(list.clients(0).client_id(), "a");
  EXPECT_EQ(list.clients(0).state(), v1::STATE_ALIVE);

  // The canary finds it too.
  EXPECT_TRUE(Eventually([&] { return Info().canary().state() == v1::CANARY_STATE_WATCHING; }));
  EXPECT_TRUE(Eventually([&] { return Listener().has_last_canary_time(); }));
  EXPECT_TRUE(Serves());
  EXPECT_EQ(server_->Stop(), 0);
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(UnixListenerTest, BesideAPort) {
  StartServer({"--listen=127.0.0.1:0,unix:" + path_, "--data-dir=:memory:"});
  EXPECT_TRUE(Beats(address(), "tcp"));
  EXPECT_TRUE(Beats("unix:" + path_, "unix"));
}

TEST_F(UnixListenerTest, ALeftFileIsReplacedAndALivingServersIsNot) {
  StartServer({listen_, "--data-dir=:memory:"});
  const auto second = ServerProcess::RunToEnd({listen_, "--data-dir=:memory:"});
  EXPECT_EQ(second.exit_code, 1);
  EXPECT_THAT(second.err, HasSubstr(path_ + ": it is in use"));
  EXPECT_TRUE(Beats("unix:" + path_, "a"));
  server_->Signal(SIGKILL);
  (void)server_->WaitForExit(seconds(30));
  ASSERT_TRUE(std::filesystem::exists(path_));
  StartServer({listen_, "--data-dir=:memory:"});
  EXPECT_TRUE(Beats("unix:" + path_, "a"));
}

TEST_F(UnixListenerTest, TheBoundHoldsThereTooAndTheCanaryGetsIn) {
  StartServer({listen_, "--data-dir=:memory:", "--max-connections=5"});
  ASSERT_TRUE(Serves());
  std::vector<RawConnection> flood;
  for (int i = 0; i < 20; ++i) flood.emplace_back("unix:" + path_);
  EXPECT_EQ(flood.back().WaitForEnd(), Ending::kOrderly);
  EXPECT_TRUE(Eventually([&] { return Listener().has_last_canary_time(); }));
  EXPECT_EQ(Listener().connection_count(), 5);
  EXPECT_TRUE(Serves());
}

TEST_F(UnixListenerTest, BadModesAndPathsAreRefused) {
  for (const char* mode : {"rw", "08", "7777", "-1", ""}) {
    const auto refused = ServerProcess::RunToEnd({listen_, std::string("--listen-unix-mode=") + mode});
    EXPECT_EQ(refused.exit_code, 2) << mode;
    EXPECT_THAT(refused.err, HasSubstr("--listen-unix-mode")) << mode;
  }
  const auto no_dir =
      ServerProcess::RunToEnd({"--listen=unix:" + dir_.file("no/such/s"), "--data-dir=:memory:"});
  EXPECT_EQ(no_dir.exit_code, 1);
  EXPECT_THAT(no_dir.err, HasSubstr("no/such/s"));
}

}  // namespace
}  // namespace liveness::testing
