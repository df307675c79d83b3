// Connections before the start, through the drain and at the end: none is left over.
#include <signal.h>

#include "tests/integration/listener/listener_fixture.h"
#include "tests/support/certificate.h"

namespace liveness::testing {
namespace {

TEST_F(ListenerTest, ConnectionsThatComeAndGoLeaveNoDescriptor) {
  StartServer();
  ASSERT_TRUE(Serves());
  // All of the canary's are there.
  ASSERT_TRUE(Eventually([&] { return Info().canary().state() == v1::CANARY_STATE_WATCHING; }));
  const std::size_t at_rest = Descriptors();
  for (int round = 0; round < 10; ++round) {
    std::vector<RawConnection> some;
    for (int i = 0; i < 50; ++i) {
      some.emplace_back(address());
      if (i % 2 == 0) some.back().Greet();
    }
    EXPECT_TRUE(some.front().IsAnswered());
  }
  // A dial of the canary's may be under way: two descriptors.
  EXPECT_TRUE(Eventually([&] { return Descriptors() <= at_rest + 2; })) << Descriptors() - at_rest;
  EXPECT_TRUE(Eventually([&] { return Listener().connection_count() == 1; }));
  EXPECT_GE(Listener().accepted_count(), 500);
}

TEST_F(ListenerTest, ADrainAnswersNewConnectionsAndTheEndRefusesThem) {
  StartServer({"--drain-timeout=4s"});
  HeartbeatStream keeps_it_draining(address());
  ASSERT_TRUE(keeps_it_draining.Join(HeartbeatStream::Hello("a", "1")));
  server_->Signal(SIGTERM);
  const auto drain = keeps_it_draining.Receive();
  ASSERT_TRUE(drain && drain->has_drain());
  HeartbeatStream late(address());
  ASSERT_TRUE(late.Send(HeartbeatStream::Hello("b", "1")));
  const auto status = late.End();
  ASSERT_TRUE(status.has_value());
  EXPECT_EQ(DetailsOf(*status).reason, "DRAINING") << status->error_message();
  EXPECT_EQ(server_->WaitForExit(seconds(30)), 0);
  EXPECT_FALSE(RawConnection(address()).connected());
}

TEST_F(ListenerTest, SilentConnectionsAtTheEndDoNotHoldItUp) {
  StartServer({"--drain-timeout=2s"});
  std::vector<RawConnection> silent;
  for (int i = 0; i < 100; ++i) silent.emplace_back(address());
  for (int i = 0; i < 50; ++i) silent[static_cast<std::size_t>(i)].Greet();
  EXPECT_EQ(server_->Stop(), 0);
}

TEST_F(ListenerTest, TlsGoesThroughItToo) {
  const Certificate certificate;
  ASSERT_EQ(certificate.failure(), "");
  server_ =
      ServerProcess::Start({"--tls-cert=" + certificate.cert_file(), "--tls-key=" + certificate.key_file()});
  ASSERT_NE(server_, nullptr);
  grpc::SslCredentialsOptions trusted;
  trusted.pem_root_certs = ReadFile(certificate.cert_file());
  channel_ = NewChannel(address(), grpc::SslCredentials(trusted));
  HeartbeatStream stream(channel_);
  ASSERT_TRUE(stream.Join(HeartbeatStream::Hello("a", "1")));
  ASSERT_TRUE(stream.Ping(1));
  EXPECT_TRUE(stream.Receive()->has_pong());
  EXPECT_TRUE(Eventually([&] { return Listener().has_last_canary_time(); }));

  // Handshakes that are none end, and leave nothing.
  const std::size_t at_rest = Descriptors();
  for (int i = 0; i < 50; ++i) {
    const RawConnection plain(address());
    EXPECT_TRUE(plain.Greet());
    EXPECT_NE(plain.WaitForEnd(), Ending::kNone);
  }
  EXPECT_TRUE(Eventually([&] { return Descriptors() <= at_rest + 2; }));
  EXPECT_TRUE(Serves());
  EXPECT_EQ(server_->Stop(), 0);
}

}  // namespace
}  // namespace liveness::testing
