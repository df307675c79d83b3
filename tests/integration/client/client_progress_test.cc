// What an application tells with its pings: progress, load, and what it asks for.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>

#include <optional>

#include "common/mutex.h"
#include "tests/integration/client/state_log.h"
#include "tests/support/fake_heartbeat_server.h"

namespace liveness::testing {
namespace {

using namespace std::chrono_literals;

// A server that keeps what it was told. Thread-safe.
class Listener {
 public:
  FakeHeartbeatServer::Script Script() {
    return [this](FakeStream& stream) {
      const v1::Hello hello = stream.ReadHello();
      {
        common::MutexLock lock(mu_);
        hello_ = hello;
      }
      stream.Welcome(1, 20, 10'000);
      while (const auto request = stream.Read()) {
        if (request->has_goodbye()) return grpc::Status::OK;
        if (!request->has_ping()) continue;
        stream.Pong(request->ping());
        common::MutexLock lock(mu_);
        last_ = request->ping();
        ++pings_;
        if (!request->ping().has_load()) continue;
        ++loads_;
        load_ = request->ping().load();
      }
      return grpc::Status::CANCELLED;
    };
  }

  v1::Hello hello() const {
    common::MutexLock lock(mu_);
    return hello_;
  }
  v1::Load load() const {
    common::MutexLock lock(mu_);
    return load_;
  }
  int pings() const {
    common::MutexLock lock(mu_);
    return pings_;
  }
  int loads() const {
    common::MutexLock lock(mu_);
    return loads_;
  }
  // The age of a token in the last ping; none if it was not told.
  std::optional<std::chrono::milliseconds> Age(const std::string& name) const {
    common::MutexLock lock(mu_);
    for (const v1::Progress& token : last_.progress()) {
      if (token.name() == name) return Milliseconds(token.age());
    }
    return std::nullopt;
  }
  std::optional<std::chrono::milliseconds> Deadline(const std::string& name) const {
    common::MutexLock lock(mu_);
    for (const v1::Progress& token : last_.progress()) {
      if (token.name() == name) return Milliseconds(token.deadline());
    }
    return std::nullopt;
  }

 private:
  static std::chrono::milliseconds Milliseconds(const google::protobuf::Duration& span) {
    return std::chrono::seconds(span.seconds()) + std::chrono::milliseconds(span.nanos() / 1'000'000);
  }

  mutable common::Mutex mu_;
  v1::Hello hello_ ABSL_GUARDED_BY(mu_);
  v1::Ping last_ ABSL_GUARDED_BY(mu_);
  v1::Load load_ ABSL_GUARDED_BY(mu_);
  int pings_ ABSL_GUARDED_BY(mu_) = 0;
  int loads_ ABSL_GUARDED_BY(mu_) = 0;
};

TEST(ClientProgress, AStuckWorkerAgesWhileItsHeartbeatsGoOn) {
  Listener heard;
  FakeHeartbeatServer server(heard.Script());
  StateLog log;
  const auto client = StartClient(OptionsFor(server.target(), log));
  auto stuck = client->Progress("stuck", 7s);
  auto idle = client->Progress("idle", 1s);
  auto at_work = client->Progress("at-work", 1s);
  ASSERT_TRUE(stuck && idle && at_work);
  EXPECT_EQ(client->Progress("stuck", 1s).error().reason, "BAD_TOKEN");
  idle->Idle();
  ASSERT_TRUE(Eventually([&] {
    at_work->Advance();
    return heard.Age("stuck").value_or(0ms) >= 300ms;
  }));
  EXPECT_EQ(heard.Deadline("stuck"), 7s);
  EXPECT_EQ(heard.Age("idle"), 0ms);
  EXPECT_LT(*heard.Age("at-work"), *heard.Age("stuck"));
  EXPECT_EQ(client->state(), State::kLive);

  stuck->Advance();
  EXPECT_TRUE(Eventually([&] { return heard.Age("stuck") < 200ms; }));
  *stuck = ProgressToken();
  EXPECT_TRUE(Eventually([&] { return !heard.Age("stuck"); })) << "an ended token is told no more";
  EXPECT_TRUE(heard.Age("idle"));
}

TEST(ClientProgress, LoadIsToldOnceInAWhileAndOtherPingsArePlain) {
  Listener heard;
  FakeHeartbeatServer server(heard.Script());
  StateLog log;
  const auto client = StartClient(OptionsFor(server.target(), log));
  ASSERT_TRUE(Eventually([&] { return heard.pings() >= 10; }));
  EXPECT_GE(heard.loads(), 1);
  EXPECT_LT(heard.loads(), heard.pings());
  EXPECT_GT(heard.load().memory_bytes(), 1 << 20);
}

TEST(ClientProgress, WhoSpeaksForAnotherProcessTellsNoMemoryOfItsOwn) {
  Listener heard;
  FakeHeartbeatServer server(heard.Script());
  StateLog log;
  ClientOptions options = OptionsFor(server.target(), log);
  options.pid = getppid();
  const auto client = StartClient(options);
  ASSERT_TRUE(Eventually([&] { return heard.loads() >= 1; }));
  EXPECT_EQ(heard.load().memory_bytes(), 0);
}

TEST(ClientProgress, DetectionAndQualityReachTheServer) {
  Listener heard;
  FakeHeartbeatServer server(heard.Script());
  StateLog log;
  ClientOptions options = OptionsFor(server.target(), log);
  options.detection = Detection{.method = Detection::Method::kAccrual, .threshold = 6};
  options.quality = Quality{.found_within = 2s, .mistake_recurrence = 1h};
  const auto client = StartClient(options);
  ASSERT_TRUE(log.WaitFor("LIVE"));
  const v1::Hello hello = heard.hello();
  EXPECT_EQ(hello.detection().method(), v1::DETECTION_METHOD_ACCRUAL);
  EXPECT_EQ(hello.detection().threshold(), 6);
  EXPECT_EQ(hello.quality().found_within().seconds(), 2);
  EXPECT_FALSE(hello.has_interval());
  EXPECT_FALSE(hello.has_timeout());
}

TEST(ClientProgress, AQualityThatCannotBeHadEndsTheClient) {
  FakeHeartbeatServer server([](FakeStream& stream) {
    stream.ReadHello();
    return ErrorWithReason(grpc::StatusCode::FAILED_PRECONDITION, "QUALITY_UNREACHABLE");
  });
  StateLog log;
  ClientOptions options = OptionsFor(server.target(), log);
  options.quality = Quality{.found_within = 1ms, .mistake_recurrence = 1h};
  const auto client = StartClient(options);
  EXPECT_TRUE(log.WaitFor("STOPPED QUALITY_UNREACHABLE"));
  EXPECT_EQ(server.streams(), 1);
}

}  // namespace
}  // namespace liveness::testing
