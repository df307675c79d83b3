// A name whose first addresses are dead, as a name server gives it after hosts were lost.
#include <gtest/gtest.h>

#include "tests/integration/client/state_log.h"
#include "tests/support/dead_addresses.h"
#include "tests/support/fake_heartbeat_server.h"

namespace liveness::testing {
namespace {

grpc::Status Script(FakeStream& stream) {
  stream.ReadHello();
  stream.Welcome(1, 100, 10'000);
  return stream.Serve();
}

TEST(ClientDeadAddresses, AGoodOneBehindManyDeadIsReached) {
  const DeadAddresses dead(6);
  FakeHeartbeatServer server(Script);
  StateLog log;
  // How gRPC is told what a name server would tell it.
  ClientOptions options = OptionsFor("ipv4:" + dead.text() + "," + server.target(), log);
  options.connect_timeout = std::chrono::milliseconds(800);
  options.welcome_timeout = std::chrono::milliseconds(2'000);
  const auto client = StartClient(options);
  // 2 s are gone on 800 ms each, and on 400 ms each; 200 ms each are 1.2 s.
  EXPECT_TRUE(log.WaitFor("LIVE"));
}

}  // namespace
}  // namespace liveness::testing
