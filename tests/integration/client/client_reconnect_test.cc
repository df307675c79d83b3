// Streams that break, servers that are not there.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <mutex>

#include "tests/integration/client/state_log.h"
#include "tests/support/fake_heartbeat_server.h"

namespace liveness::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

// A TCP port that is bound: `backlog` >= 0 also listens, and never accepts.
class BarePort {
 public:
  explicit BarePort(int backlog) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    socklen_t size = sizeof(address);
    getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    if (backlog >= 0) listen(fd_, backlog);
  }
  ~BarePort() { close(fd_); }
  std::string target() const { return "127.0.0.1:" + std::to_string(port_); }
  int port() const { return port_; }

 private:
  const int fd_;
  int port_ = 0;
};

TEST(ClientReconnect, ComesBackAtOnceIntoTheSameSession) {
  std::mutex mu;
  std::vector<std::string> tokens;
  FakeHeartbeatServer server([&](FakeStream& stream) {
    const v1::Hello hello = stream.ReadHello();
    {
      std::lock_guard lock(mu);
      tokens.push_back(hello.resume_token());
    }
    stream.Welcome(5, 100, 10'000, "token " + std::to_string(stream.number()));
    if (stream.number() > 1) return stream.Serve();
    stream.Read();
    return grpc::Status(grpc::StatusCode::UNAVAILABLE, "cut");
  });
  StateLog log;
  const auto client = StartClient(OptionsFor(server.target(), log));
  ASSERT_TRUE(log.WaitFor("LIVE", 2));
  EXPECT_THAT(log.texts(),
              ElementsAre("CONNECTING", "LIVE", "LOST STREAM_ENDED", "CONNECTING STREAM_ENDED", "LIVE"));
  EXPECT_LT(log.WhenFirst("CONNECTING STREAM_ENDED") - log.WhenFirst("LOST STREAM_ENDED"), 300ms);
  std::lock_guard lock(mu);
  EXPECT_THAT(tokens, ElementsAre("", "token 1"));
}

TEST(ClientReconnect, ARefusedTokenIsDroppedOnce) {
  std::mutex mu;
  std::vector<std::string> tokens;
  FakeHeartbeatServer server([&](FakeStream& stream) {
    const v1::Hello hello = stream.ReadHello();
    {
      std::lock_guard lock(mu);
      tokens.push_back(hello.resume_token());
    }
    if (!hello.resume_token().empty())
      return ErrorWithReason(grpc::StatusCode::PERMISSION_DENIED, "RESUME_TOKEN_OTHER_CLIENT");
    stream.Welcome(5, 100, 10'000);
    if (stream.number() > 1) return stream.Serve();
    return grpc::Status(grpc::StatusCode::UNAVAILABLE, "cut");
  });
  StateLog log;
  const auto client = StartClient(OptionsFor(server.target(), log));
  ASSERT_TRUE(log.WaitFor("LIVE", 2));
  std::lock_guard lock(mu);
  EXPECT_THAT(tokens, ElementsAre("", "token", ""));
}

TEST(ClientReconnect, RetryInfoIsHonoured) {
  std::atomic<std::int64_t> first{0};
  std::atomic<std::int64_t> second{0};
  const auto now = [] { return std::chrono::steady_clock::now().time_since_epoch() / 1ms; };
  FakeHeartbeatServer server([&](FakeStream& stream) {
    stream.ReadHello();
    if (stream.number() == 1) {
      first = now();
      return ErrorWithReason(grpc::StatusCode::RESOURCE_EXHAUSTED, "TOO_MANY_STREAMS", 1500);
    }
    second = now();
    stream.Welcome(5, 100, 10'000);
    return stream.Serve();
  });
  StateLog log;
  const auto client = StartClient(OptionsFor(server.target(), log));
  ASSERT_TRUE(log.WaitFor("LIVE"));
  EXPECT_GE(second - first, 1450);
  EXPECT_EQ(client->counters().attempts, 2u);
}

TEST(ClientReconnect, ARefusedPortIsTriedAgainWithinTwoSecondsForEver) {
  const BarePort nobody(-1);
  StateLog log;
  const auto client = StartClient(OptionsFor(nobody.target(), log));
  ASSERT_TRUE(log.WaitFor("CONNECTING CONNECT_FAILED"));
  // Long enough for gRPC's own backoff to show if it were in force.
  std::this_thread::sleep_for(6s);
  EXPECT_GE(client->counters().attempts, 5u);
  EXPECT_EQ(client->last_error()->reason, "CONNECT_FAILED");
}

TEST(ClientReconnect, FindsAServerThatComesUpLate) {
  int port = 0;
  {
    const BarePort nobody(-1);
    port = nobody.port();
  }
  StateLog log;
  const auto client = StartClient(OptionsFor("127.0.0.1:" + std::to_string(port), log));
  std::this_thread::sleep_for(4s);
  FakeHeartbeatServer server(
      [](FakeStream& stream) {
        stream.ReadHello();
        stream.Welcome(1, 1000, 10'000);
        return stream.Serve();
      },
      port);
  ASSERT_EQ(server.port(), port);
  const auto up = std::chrono::steady_clock::now();
  ASSERT_TRUE(log.WaitFor("LIVE"));
  EXPECT_LT(log.WhenFirst("LIVE") - up, 2500ms);
}

TEST(ClientReconnect, AServerThatAcceptsAndNeverSpeaksDoesNotHoldItUp) {
  const BarePort mute(16);
  FakeHeartbeatServer server([](FakeStream& stream) {
    stream.ReadHello();
    stream.Welcome(1, 1000, 10'000);
    return stream.Serve();
  });
  StateLog log;
  ClientOptions options = OptionsFor(mute.target(), log);
  options.targets.push_back(server.target());
  const auto before = std::chrono::steady_clock::now();
  const auto client = StartClient(options);
  ASSERT_TRUE(log.WaitFor("LIVE"));
  EXPECT_LT(log.WhenFirst("LIVE") - before, 4s) << "connect_timeout is 2 s";
}

}  // namespace
}  // namespace liveness::testing
