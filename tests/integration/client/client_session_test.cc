// One stream from hello to its end.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <mutex>

#include "tests/integration/client/state_log.h"
#include "tests/support/fake_heartbeat_server.h"

namespace liveness::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::StartsWith;

TEST(ClientSession, LivesPingsAndSaysGoodbye) {
  std::mutex mu;
  v1::Hello hello;
  v1::Goodbye goodbye;
  FakeHeartbeatServer server([&](FakeStream& stream) {
    const v1::Hello first = stream.ReadHello();
    {
      std::lock_guard lock(mu);
      hello = first;
    }
    stream.Welcome(77, 50, 10'000);
    while (const auto request = stream.Read()) {
      if (request->has_ping()) stream.Pong(request->ping());
      if (request->has_goodbye()) {
        std::lock_guard lock(mu);
        goodbye = request->goodbye();
        return grpc::Status::OK;
      }
    }
    return grpc::Status::CANCELLED;
  });
  StateLog log;
  ClientOptions options = OptionsFor(server.target(), log);
  options.labels = {{"zone", "a"}};
  options.version = "1.2";
  options.interval = 50ms;
  const auto client = StartClient(options);
  ASSERT_TRUE(Eventually([&] { return client->counters().pongs_received >= 5; }));
  EXPECT_TRUE(client->alive());
  EXPECT_EQ(client->state(), State::kLive);
  EXPECT_EQ(client->incarnation(), 77u);
  EXPECT_EQ(client->welcome()->server_id, "fake");
  EXPECT_EQ(client->welcome()->timeout, 10s);
  EXPECT_GT(*client->rtt(), 0ns);
  EXPECT_TRUE(client->Goodbye("done", {.exit_code = 3}));
  EXPECT_FALSE(client->alive());
  EXPECT_TRUE(log.WaitFor("STOPPED SAID_GOODBYE"));  // told by the client's own thread
  EXPECT_THAT(log.texts(), ElementsAre("CONNECTING", "LIVE", "STOPPED SAID_GOODBYE"));
  EXPECT_EQ(client->UpdateLabels({})->reason, "STOPPED");

  std::lock_guard lock(mu);
  EXPECT_EQ(hello.client_id(), "worker");
  EXPECT_EQ(hello.instance_id(), client->instance_id());
  EXPECT_EQ(hello.labels().at("zone"), "a");
  EXPECT_EQ(hello.version(), "1.2");
  EXPECT_EQ(hello.pid(), getpid());
  EXPECT_THAT(hello.local_address(), StartsWith("127.0.0.1:"));
  EXPECT_EQ(goodbye.reason(), "done");
  EXPECT_EQ(goodbye.exit_code(), 3);
  EXPECT_FALSE(goodbye.has_signal());
}

TEST(ClientSession, TheDestructorSaysGoodbye) {
  std::atomic<bool> left{false};
  FakeHeartbeatServer server([&](FakeStream& stream) {
    stream.ReadHello();
    stream.Welcome(1, 1000, 3000);
    const grpc::Status status = stream.Serve();
    left = status.ok();
    return status;
  });
  StateLog log;
  auto client = StartClient(OptionsFor(server.target(), log));
  ASSERT_TRUE(log.WaitFor("LIVE"));
  client.reset();
  EXPECT_TRUE(Eventually([&] { return left.load(); }));
}

TEST(ClientSession, TheDestructorDoesNotWaitLongForASilentServer) {
  FakeHeartbeatServer server([&](FakeStream& stream) {
    stream.ReadHello();
    stream.Welcome(1, 1000, 30'000);
    return stream.StaySilent();
  });
  StateLog log;
  auto client = StartClient(OptionsFor(server.target(), log));
  ASSERT_TRUE(log.WaitFor("LIVE"));
  const auto before = std::chrono::steady_clock::now();
  client.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - before, 3s);
}

TEST(ClientSession, GoodbyeFromTheCallbackDoesNotDeadlock) {
  FakeHeartbeatServer server([&](FakeStream& stream) {
    stream.ReadHello();
    stream.Welcome(1, 1000, 30'000);
    return stream.Serve();
  });
  StateLog log;
  ClientOptions options = OptionsFor(server.target(), log);
  options.goodbye_timeout = 60s;  // nobody waits for it, who would have to answer it
  std::atomic<Client*> self{nullptr};
  options.on_state = [&, record = log.Callback()](const StateChange& change) {
    record(change);
    if (change.state != State::kLive) return;
    while (self == nullptr) std::this_thread::yield();
    self.load()->Goodbye("that was all");
  };
  const auto client = StartClient(options);
  self = client.get();
  EXPECT_TRUE(log.WaitFor("STOPPED SAID_GOODBYE"));
}

TEST(ClientSession, ASilentServerIsToldWithinTheTimeout) {
  std::atomic<bool> silent{false};
  FakeHeartbeatServer server([&](FakeStream& stream) {
    stream.ReadHello();
    stream.Welcome(1, 100, 1000);
    while (const auto request = stream.Read()) {
      if (request->has_ping() && !silent) stream.Pong(request->ping());
    }
    return grpc::Status::CANCELLED;
  });
  StateLog log;
  const auto client = StartClient(OptionsFor(server.target(), log));
  ASSERT_TRUE(Eventually([&] { return client->counters().pongs_received >= 3; }));
  const auto before = std::chrono::steady_clock::now();
  silent = true;
  ASSERT_TRUE(log.WaitFor("LOST SERVER_SILENT"));
  const auto took = log.WhenFirst("LOST SERVER_SILENT") - before;
  EXPECT_GT(took, 700ms);
  EXPECT_LT(took, 1300ms);
}

TEST(ClientSession, AnswersProbesAndIgnoresWhatItDoesNotKnow) {
  std::atomic<int> answered{0};
  FakeHeartbeatServer server([&](FakeStream& stream) {
    stream.ReadHello();
    stream.Welcome(1, 1000, 30'000);
    stream.Write(v1::HeartbeatResponse());
    stream.Probe(41);
    while (const auto request = stream.Read()) {
      if (request->has_pong()) answered = static_cast<int>(request->pong().sequence());
      if (request->has_goodbye()) return grpc::Status::OK;
    }
    return grpc::Status::CANCELLED;
  });
  StateLog log;
  const auto client = StartClient(OptionsFor(server.target(), log));
  EXPECT_TRUE(Eventually([&] { return answered == 41; }));
  EXPECT_EQ(client->counters().losses, 0u);
}

TEST(ClientSession, LabelsAreSentNowAndWithTheNextHello) {
  std::atomic<int> updates{0};
  std::mutex mu;
  std::string at_hello;
  FakeHeartbeatServer server([&](FakeStream& stream) {
    const v1::Hello hello = stream.ReadHello();
    {
      std::lock_guard lock(mu);
      at_hello = hello.labels().contains("zone") ? hello.labels().at("zone") : "";
    }
    stream.Welcome(1, 1000, 30'000);
    while (const auto request = stream.Read()) {
      if (request->has_goodbye()) return grpc::Status::OK;
      if (request->has_update() && request->update().labels().at("zone") == "b" && ++updates == 1) {
        return ErrorWithReason(grpc::StatusCode::UNAVAILABLE, "STORE_UNAVAILABLE");
      }
    }
    return grpc::Status::CANCELLED;
  });
  StateLog log;
  const auto client = StartClient(OptionsFor(server.target(), log));
  ASSERT_TRUE(log.WaitFor("LIVE"));
  EXPECT_FALSE(client->UpdateLabels({{"zone", "b"}}));
  EXPECT_EQ(client->UpdateLabels({{"", "b"}})->reason, "BAD_LABELS");
  ASSERT_TRUE(log.WaitFor("LIVE", 2));
  std::lock_guard lock(mu);
  EXPECT_EQ(at_hello, "b");
  EXPECT_EQ(updates, 1);
}

TEST(ClientSession, SupersededIsFinal) {
  FakeHeartbeatServer server([&](FakeStream& stream) {
    stream.ReadHello();
    stream.Welcome(1, 100, 3000);
    stream.Read();
    return ErrorWithReason(grpc::StatusCode::ABORTED, "SUPERSEDED");
  });
  StateLog log;
  const auto client = StartClient(OptionsFor(server.target(), log));
  ASSERT_TRUE(log.WaitFor("STOPPED SUPERSEDED"));
  EXPECT_FALSE(client->alive());
  std::this_thread::sleep_for(400ms);
  EXPECT_EQ(server.streams(), 1) << "it never comes back";
}

TEST(ClientSession, OptionsThatCannotWorkAreRefused) {
  EXPECT_EQ(Client::Start({}).error().reason, "BAD_OPTIONS");
  ClientOptions options;
  options.targets = {"127.0.0.1:1"};
  options.client_id = "worker";
  options.tls = Tls{"/nonexistent/ca.pem", "", "", ""};
  EXPECT_EQ(Client::Start(options).error().reason, "BAD_TLS");
}

}  // namespace
}  // namespace liveness::testing
