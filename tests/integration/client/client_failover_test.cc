// Several servers: one that dies, one that drains, and what the others say.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

#include "tests/integration/client/state_log.h"
#include "tests/support/fake_heartbeat_server.h"

namespace liveness::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::Each;
using ::testing::ElementsAre;

constexpr std::uint64_t kIncarnation = 5;

ClientOptions Among(const std::vector<const FakeHeartbeatServer*>& servers, StateLog& log) {
  ClientOptions options = OptionsFor(servers.front()->target(), log);
  for (std::size_t i = 1; i < servers.size(); ++i) options.targets.push_back(servers[i]->target());
  return options;
}

// The resume tokens of the hellos that a server got. Thread-safe.
class Tokens {
 public:
  void Add(const v1::Hello& hello) {
    std::lock_guard lock(mu_);
    tokens_.push_back(hello.resume_token());
  }
  std::vector<std::string> all() const {
    std::lock_guard lock(mu_);
    return tokens_;
  }

 private:
  mutable std::mutex mu_;
  std::vector<std::string> tokens_;
};

grpc::Status WelcomeAndServe(FakeStream& stream, const std::string& token) {
  stream.ReadHello();
  stream.Welcome(kIncarnation, 100, 10'000, token);
  return stream.Serve();
}

TEST(ClientFailover, ADeadServerCostsOneAttemptAndTheSessionGoesOnElsewhere) {
  auto dying = std::make_unique<FakeHeartbeatServer>(
      [](FakeStream& stream) { return WelcomeAndServe(stream, "token of the first"); });
  Tokens tokens;
  FakeHeartbeatServer other([&](FakeStream& stream) {
    tokens.Add(stream.ReadHello());
    stream.Welcome(kIncarnation, 100, 10'000);
    return stream.Serve();
  });
  StateLog log;
  const auto client = StartClient(Among({dying.get(), &other}, log));
  ASSERT_TRUE(Eventually([&] { return client->counters().pongs_received >= 2; }));
  dying.reset();
  ASSERT_TRUE(log.WaitFor("LIVE", 2));
  EXPECT_THAT(tokens.all(), ElementsAre("token of the first"));
  EXPECT_EQ(client->incarnation(), kIncarnation);
  EXPECT_EQ(client->counters().losses, 1u);
  EXPECT_LE(client->counters().attempts, 3u) << "the first welcome, one refusal, the second welcome";
}

TEST(ClientFailover, ALoneDisconnectReturnsToTheSameServer) {
  FakeHeartbeatServer server([](FakeStream& stream) {
    stream.ReadHello();
    stream.Welcome(kIncarnation, 1000, 10'000);
    if (stream.number() > 1) return stream.Serve();
    if (const auto ping = stream.Read()) stream.Pong(ping->ping());
    return grpc::Status(grpc::StatusCode::UNAVAILABLE, "cut");
  });
  FakeHeartbeatServer other([](FakeStream& stream) { return WelcomeAndServe(stream, "token"); });
  StateLog log;
  const auto client = StartClient(Among({&server, &other}, log));
  ASSERT_TRUE(log.WaitFor("LIVE", 2));
  EXPECT_EQ(server.streams(), 2);
  EXPECT_EQ(other.streams(), 0);
}

TEST(ClientFailover, ServersThatCannotServeAreAllAskedInOneRound) {
  const auto refuse = [](FakeStream& stream) {
    stream.ReadHello();
    return ErrorWithReason(grpc::StatusCode::UNAVAILABLE, "STORE_UNAVAILABLE");
  };
  FakeHeartbeatServer a(refuse), b(refuse);
  FakeHeartbeatServer c([](FakeStream& stream) { return WelcomeAndServe(stream, "token"); });
  StateLog log;
  const auto client = StartClient(Among({&a, &b, &c}, log));
  ASSERT_TRUE(log.WaitFor("LIVE"));
  EXPECT_EQ(client->counters().attempts, 3u);
}

TEST(ClientFailover, ADrainedServerIsLeftOnlyOnceAnotherHasWelcomed) {
  std::atomic<bool> old_left{false};
  FakeHeartbeatServer old_server([&](FakeStream& stream) {
    stream.ReadHello();
    stream.Welcome(kIncarnation, 100, 10'000, "token of the old");
    stream.Drain(300);
    const grpc::Status status = stream.Serve();
    old_left = true;
    return status;
  });
  std::atomic<bool> overlap{false};
  Tokens tokens;
  FakeHeartbeatServer new_server([&](FakeStream& stream) {
    tokens.Add(stream.ReadHello());
    overlap = !old_left;
    stream.Welcome(kIncarnation, 100, 10'000);
    return stream.Serve();
  });
  StateLog log;
  const auto client = StartClient(Among({&old_server, &new_server}, log));
  ASSERT_TRUE(Eventually([&] { return old_left.load(); }));
  EXPECT_TRUE(overlap);
  EXPECT_THAT(tokens.all(), ElementsAre("token of the old"));
  EXPECT_THAT(log.texts(), ElementsAre("CONNECTING", "LIVE"));
  EXPECT_TRUE(client->alive());
}

// What a cluster does: the takeover by the one ends the stream of the other,
// and its news may travel faster than the welcome.
TEST(ClientFailover, TheTakeoverThatEndsTheOldStreamIsNoLoss) {
  std::atomic<bool> taken_over{false};
  std::atomic<bool> old_ended{false};
  FakeHeartbeatServer old_server([&](FakeStream& stream) {
    stream.ReadHello();
    stream.Welcome(kIncarnation, 50, 10'000);
    stream.Drain(0);
    while (!taken_over) {
      if (const auto request = stream.Read(); request && request->has_ping()) stream.Pong(request->ping());
    }
    old_ended = true;
    return ErrorWithReason(grpc::StatusCode::CANCELLED, "STREAM_REPLACED");
  });
  std::atomic<bool> may_welcome{false};
  FakeHeartbeatServer new_server([&](FakeStream& stream) {
    stream.ReadHello();
    taken_over = true;
    Eventually([&] { return may_welcome.load(); });
    stream.Welcome(kIncarnation, 50, 10'000);
    return stream.Serve();
  });
  StateLog log;
  const auto client = StartClient(Among({&old_server, &new_server}, log));
  ASSERT_TRUE(Eventually([&] { return old_ended.load(); }));
  // Whether its end has come in cannot be seen from outside: that is the point.
  std::this_thread::sleep_for(300ms);
  EXPECT_TRUE(client->alive());
  EXPECT_FALSE(client->UpdateLabels({{"zone", "b"}})) << "kept for the new stream";
  may_welcome = true;
  ASSERT_TRUE(Eventually([&] { return client->counters().welcomes == 2; }));
  EXPECT_THAT(log.texts(), ElementsAre("CONNECTING", "LIVE"));
  EXPECT_EQ(client->counters().losses, 0u);
}

TEST(ClientFailover, WithNowhereToGoItStaysAndMovesWhenItCan) {
  std::atomic<bool> old_left{false};
  FakeHeartbeatServer old_server([&](FakeStream& stream) {
    stream.ReadHello();
    stream.Welcome(kIncarnation, 50, 10'000, "token of the old");
    stream.Drain(0);
    const grpc::Status status = stream.Serve();
    old_left = true;
    return status;
  });
  std::atomic<bool> open{false};
  Tokens tokens;
  FakeHeartbeatServer new_server([&](FakeStream& stream) {
    tokens.Add(stream.ReadHello());
    if (!open) return ErrorWithReason(grpc::StatusCode::UNAVAILABLE, "DRAINING");
    stream.Welcome(kIncarnation, 50, 10'000);
    return stream.Serve();
  });
  StateLog log;
  const auto client = StartClient(Among({&old_server, &new_server}, log));
  ASSERT_TRUE(Eventually([&] { return new_server.streams() >= 4; }));
  EXPECT_TRUE(client->alive());
  EXPECT_FALSE(old_left);
  EXPECT_EQ(old_server.streams(), 1);
  const std::uint64_t pongs = client->counters().pongs_received;
  EXPECT_TRUE(Eventually([&] { return client->counters().pongs_received > pongs; }));
  open = true;
  ASSERT_TRUE(Eventually([&] { return old_left.load(); }));
  EXPECT_THAT(tokens.all(), Each("token of the old"));
  EXPECT_THAT(log.texts(), ElementsAre("CONNECTING", "LIVE"));
}

}  // namespace
}  // namespace liveness::testing
