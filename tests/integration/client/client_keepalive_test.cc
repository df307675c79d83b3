// What the kernel has in force on both ends of a connection, read back.
#include <arpa/inet.h>
#include <dirent.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <atomic>
#include <optional>

#include "common/grpc/socket_mutator.h"
#include "common/tcp_keepalive.h"
#include "tests/integration/client/state_log.h"
#include "tests/support/fake_heartbeat_server.h"

namespace liveness::testing {
namespace {

using namespace std::chrono_literals;

// This process's socket that is connected to `port`.
std::optional<int> SocketTo(int port) {
  DIR* const directory = opendir("/proc/self/fd");
  std::optional<int> found;
  while (const dirent* entry = readdir(directory)) {
    const int fd = std::atoi(entry->d_name);
    sockaddr_storage peer{};
    socklen_t size = sizeof(peer);
    if (getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &size) != 0) continue;
    const int its_port = peer.ss_family == AF_INET6  ? ntohs(reinterpret_cast<sockaddr_in6&>(peer).sin6_port)
                         : peer.ss_family == AF_INET ? ntohs(reinterpret_cast<sockaddr_in&>(peer).sin_port)
                                                     : 0;
    if (its_port == port) found = fd;
  }
  closedir(directory);
  return found;
}

TEST(ClientKeepalive, IsInForceOnBothEndsOfTheConnection) {
  const common::TcpKeepalive at_server{true, 11s, 2s, 4, 21s};
  std::atomic<int> accepted{-1};
  FakeHeartbeatServer server(
      [](FakeStream& stream) {
        stream.ReadHello();
        stream.Welcome(1, 1000, 10'000);
        return stream.Serve();
      },
      0, grpc::InsecureServerCredentials(),
      common::MakeServerSocketOption(at_server, [&](int fd) { accepted = fd; }));
  StateLog log;
  ClientOptions options = OptionsFor(server.target(), log);
  options.preset = Preset::kStrict;
  const auto client = StartClient(options);
  ASSERT_TRUE(log.WaitFor("LIVE"));

  const std::optional<int> socket = SocketTo(server.port());
  ASSERT_TRUE(socket);
  const auto ours = common::GetTcpKeepalive(*socket);
  ASSERT_FALSE(ours.error);
  EXPECT_EQ(ours.values, (common::TcpKeepalive{true, 6s, 1s, 3, 9s}));

  ASSERT_GE(accepted, 0) << "the observer is told of accepted sockets";
  EXPECT_NE(accepted, *socket);
  EXPECT_EQ(common::GetTcpKeepalive(accepted).values, at_server);
}

TEST(ClientKeepalive, CanBeTurnedOff) {
  FakeHeartbeatServer server([](FakeStream& stream) {
    stream.ReadHello();
    stream.Welcome(1, 1000, 10'000);
    return stream.Serve();
  });
  StateLog log;
  ClientOptions options = OptionsFor(server.target(), log);
  options.keepalive = Keepalive{.tcp_enabled = false, .http2_time = 0ms};
  const auto client = StartClient(options);
  ASSERT_TRUE(log.WaitFor("LIVE"));
  const std::optional<int> socket = SocketTo(server.port());
  ASSERT_TRUE(socket);
  EXPECT_FALSE(common::GetTcpKeepalive(*socket).values.enabled);
}

}  // namespace
}  // namespace liveness::testing
