// Connections beyond the bounds: they are closed in order, who is served notices nothing,
// and the server is ready all the time.
#include "tests/integration/listener/listener_fixture.h"

namespace liveness::testing {
namespace {

TEST_F(ListenerTest, AFloodPastTheBoundLeavesTheServedAlone) {
  StartServer({"--max-connections=20"});
  HeartbeatStream stream(channel_);
  ASSERT_TRUE(stream.Join(HeartbeatStream::Hello("a", "1", seconds(10), seconds(40))));
  std::uint64_t sequence = 0;
  const auto pongs = [&] {
    if (!stream.Ping(++sequence)) return false;
    const auto pong = stream.Receive();
    return pong && pong->has_pong();
  };
  std::vector<RawConnection> flood;
  for (int i = 0; i < 200; ++i) {
    flood.emplace_back(address());
    if (i % 20 == 0) {
      EXPECT_TRUE(pongs());
    }
  }
  EXPECT_EQ(flood.back().WaitForEnd(), Ending::kOrderly);
  const v1::Listener full = Listener();
  EXPECT_EQ(full.max_connection_count(), 20);
  EXPECT_EQ(full.connection_count(), 20);
  EXPECT_GE(full.refused_count(), 170);
  EXPECT_TRUE(Serves()) << "full is not broken";

  // The canary's own connections get in all the same.
  const auto last = full.last_canary_time();
  EXPECT_TRUE(Eventually([&] {
    const auto now = Listener().last_canary_time();
    return now.seconds() > last.seconds();
  }));
  EXPECT_TRUE(Serves());
  EXPECT_TRUE(pongs());
  flood.clear();
  EXPECT_TRUE(Eventually([&] { return Listener().connection_count() == 1; }));
  EXPECT_TRUE(Beats(address(), "b"));
  EXPECT_EQ(server_->Stop(), 0);
}

TEST_F(ListenerTest, AnAddressThatIsTooFastIsHeldBackAndAnotherIsNot) {
  StartServer({"--max-connection-rate=1"});
  std::vector<RawConnection> fast;
  for (int i = 0; i < 40; ++i) fast.emplace_back(address(), "127.0.0.9");
  EXPECT_EQ(fast.back().WaitForEnd(), Ending::kOrderly);
  EXPECT_GE(Listener().rate_limited_count(), 20);
  const RawConnection other(address(), "127.0.0.8");
  ASSERT_TRUE(other.Greet());
  EXPECT_TRUE(other.IsAnswered());
  EXPECT_TRUE(Serves());
}

TEST_F(ListenerTest, WhoIsRefusedIsUnavailableToItsClient) {
  StartServer({"--max-connections=1"});
  ASSERT_TRUE(Serves());  // over the one
  const auto other = NewChannel(address());
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + seconds(20));
  v1::ServerInfo info;
  const auto status = v1::AdminService::NewStub(other)->GetServerInfo(&context, {}, &info);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE) << status.error_message();
}

}  // namespace
}  // namespace liveness::testing
