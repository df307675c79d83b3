// An I/O thread stands while the detector runs: frozen from outside, as a debugger
// does it. Nobody is blamed for it within --max-doubt; beyond it the server judges
// again and says so; and all ends by itself.
#include "tests/integration/canary/canary_fixture.h"
#include "tests/support/frozen_thread.h"

namespace liveness::testing {
namespace {

using ::testing::Contains;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr milliseconds kInterval(500);
constexpr milliseconds kTimeout(1500);
constexpr int kClients = 6;

class FrozenTest : public CanaryTest {
 protected:
  // Freezes the I/O thread of that number for `span`. False if that cannot be done here.
  bool FreezeFor(std::size_t number, milliseconds span) {
    const std::vector<pid_t> threads = ThreadsNamed(server_->pid(), "live-io-");
    if (number >= threads.size()) return false;
    const auto frozen = FrozenThread::Freeze(server_->pid(), threads[number]);
    if (frozen == nullptr) return false;
    std::this_thread::sleep_for(span);
    return true;
  }
  std::vector<std::string> Suspicions() const {
    std::vector<std::string> told = Told();
    std::erase_if(told, [](const std::string& each) { return !each.ends_with(">SUSPECT"); });
    return told;
  }
};

TEST_F(FrozenTest, NobodyIsSuspectedForAThreadOfOursThatStands) {
  for (const int threads : {1, 2}) {
    StartServer({"--io-threads=" + std::to_string(threads)});
    ASSERT_TRUE(CanaryIs(v1::CANARY_STATE_WATCHING));
    StartClients(kClients, kInterval, kTimeout);
    for (int number = 0; number < threads; ++number) {
      const double before = Seconds(Stats().canary_credited_time());
      if (!FreezeFor(static_cast<std::size_t>(number), 3 * kTimeout)) GTEST_SKIP() << "ptrace is needed";
      EXPECT_GE(Seconds(Stats().canary_credited_time()) - before, 4) << "of 4.5 s, thread " << number;
      // Whoever is to be suspected wrongly is by the time that another timeout has passed.
      std::this_thread::sleep_for(2 * kTimeout);
    }
    EXPECT_THAT(Suspicions(), IsEmpty()) << threads << " threads\n" << server_->StandardError();
    EXPECT_THAT(server_->StandardError(), HasSubstr("the canary is not heard"));
    EXPECT_TRUE(CanaryIs(v1::CANARY_STATE_WATCHING));
    EXPECT_THAT(server_->StandardError(), HasSubstr("the canary is heard again"));
    const v1::GetStatsResponse stats = Stats();
    EXPECT_GE(stats.canary_doubt_count(), threads);
    EXPECT_GE(stats.canary_episode_count(), 1);
    EXPECT_FALSE(stats.in_doubt());
    TearDown();
  }
  server_ = nullptr;
}

TEST_F(FrozenTest, WithoutTheCanaryTheyAre) {
  StartServer({"--canary=off"});
  StartClients(kClients, kInterval, kTimeout);
  if (!FreezeFor(0, 3 * kTimeout)) GTEST_SKIP() << "ptrace is needed";
  EXPECT_THAT(Suspicions(), Not(IsEmpty())) << "or the test above shows nothing";
  EXPECT_EQ(Seconds(Stats().canary_credited_time()), 0);
}

TEST_F(FrozenTest, BeyondTheBoundTheServerJudgesAgainAndIsNotReady) {
  // A grace that outlasts the freeze: who is suspected comes back.
  StartServer({"--max-doubt=2s", "--resume-grace=60s"});
  ASSERT_TRUE(CanaryIs(v1::CANARY_STATE_WATCHING));
  StartClients(kClients, kInterval, kTimeout);
  HeartbeatStream dead(Connect());
  ASSERT_TRUE(dead.Join(HeartbeatStream::Hello("dead", "1", kInterval, kTimeout)));
  EXPECT_TRUE(Serves());
  if (!FreezeFor(0, seconds(2) + 4 * kTimeout)) GTEST_SKIP() << "ptrace is needed";

  EXPECT_FALSE(Serves());
  v1::ServerInfo info = Info();
  EXPECT_FALSE(info.ready());
  EXPECT_EQ(info.canary().state(), v1::CANARY_STATE_SPENT);
  const v1::GetStatsResponse stats = Stats();
  EXPECT_GE(Seconds(stats.canary_credited_time()), 1.999);
  EXPECT_LE(Seconds(stats.canary_credited_time()), 2.001 * static_cast<double>(stats.canary_episode_count()));
  const std::vector<std::string> suspicions = Suspicions();
  EXPECT_THAT(suspicions, Contains("dead ALIVE>SUSPECT")) << "real silence is found";
  EXPECT_THAT(suspicions, Contains("c0 ALIVE>SUSPECT")) << "and so is what looks like it";
  EXPECT_THAT(server_->StandardError(), HasSubstr("not ready, and deadlines count again"));

  // All of it ends by itself.
  EXPECT_TRUE(Eventually([&] { return Stats().counts().alive() == kClients; }));
  EXPECT_TRUE(CanaryIs(v1::CANARY_STATE_WATCHING));
  EXPECT_TRUE(Info().ready());
  EXPECT_TRUE(Serves());
  EXPECT_THAT(Told(), Not(Contains(EndsWith(">DEAD"))));
}

TEST_F(FrozenTest, WhoWatchesReadinessIsTold) {
  StartServer({"--max-doubt=500ms"});
  ASSERT_TRUE(CanaryIs(v1::CANARY_STATE_WATCHING));
  using Response = grpc::health::v1::HealthCheckResponse;
  const auto stub = grpc::health::v1::Health::NewStub(Connect());
  grpc::ClientContext context;
  SetPatience(context);
  const auto watch = stub->Watch(&context, {});
  Response response;
  ASSERT_TRUE(watch->Read(&response));
  EXPECT_EQ(response.status(), Response::SERVING);
  if (!FreezeFor(0, seconds(2))) GTEST_SKIP() << "ptrace is needed";
  ASSERT_TRUE(watch->Read(&response));
  EXPECT_EQ(response.status(), Response::NOT_SERVING);
  ASSERT_TRUE(watch->Read(&response));
  EXPECT_EQ(response.status(), Response::SERVING);
  context.TryCancel();
  (void)watch->Finish();
}

}  // namespace
}  // namespace liveness::testing
