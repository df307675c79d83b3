// Servers that share an etcd: one of them sends, and another when that one is gone.
#include <csignal>

#include "tests/integration/hooks/server_fixture.h"
#include "tests/support/etcd_process.h"
#include "tests/support/tcp_forwarder.h"

namespace liveness::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class HookedCluster : public HookedServers {
 protected:
  // Servers a, b and c, each with a cable to the one etcd.
  void SetUp() override {
    if (!EtcdProcess::Available()) GTEST_SKIP() << "etcd-server and etcd-client are not installed";
    etcd_ = EtcdProcess::Start();
    ASSERT_NE(etcd_, nullptr);
    WriteHooks(HookTo("pager"));
    for (const char* id : {"a", "b", "c"}) {
      cables_.push_back(std::make_unique<TcpForwarder>(etcd_->endpoints()[0]));
      servers_.push_back(Start({"--store=etcd", std::string("--server-id=") + id,
                                "--etcd-endpoints=" + cables_.back()->address()}));
      ASSERT_NE(servers_.back(), nullptr);
    }
    ASSERT_TRUE(Eventually([this] { return Leaders().size() == 1; }));
    ASSERT_TRUE(AwaitBegun(*servers_[Leaders()[0]], "pager"));
  }

  // Which of the servers that run say that they send.
  std::vector<std::size_t> Leaders() const {
    std::vector<std::size_t> leaders;
    for (std::size_t n = 0; n < servers_.size(); ++n) {
      if (servers_[n] != nullptr && HookOf(*servers_[n], "pager").leader()) leaders.push_back(n);
    }
    return leaders;
  }
  std::size_t OtherThan(std::size_t server) const { return (server + 1) % servers_.size(); }
  // How many events were taken more than once.
  std::size_t Repeated() const {
    std::set<std::string> ids;
    std::size_t repeated = 0;
    for (const auto& event : receiver_.Taken()) repeated += !ids.insert(event.id).second;
    return repeated;
  }

  std::unique_ptr<EtcdProcess> etcd_;
  std::vector<std::unique_ptr<TcpForwarder>> cables_;
  std::vector<std::unique_ptr<ServerProcess>> servers_;
};

TEST_F(HookedCluster, EachEventIsSentByOneServer) {
  for (std::size_t n = 0; n < servers_.size(); ++n) {
    ComeAndGo(servers_[n]->address(), "web-" + std::to_string(n) + "-", 50);
  }
  // One server hears of what another committed a moment later.
  EXPECT_TRUE(Eventually([&] { return receiver_.Taken().size() >= 300; }));
  EXPECT_THAT(AwaitAll(*servers_[0]), IsEmpty());
  EXPECT_EQ(receiver_.Taken().size(), 300u);
  EXPECT_EQ(Repeated(), 0u);
}

TEST_F(HookedCluster, WhenTheLeaderIsKilledAnotherGoesOnAndNothingIsLost) {
  const std::size_t leader = Leaders()[0], other = OtherThan(leader);
  std::thread clients([this, other] { ComeAndGo(servers_[other]->address(), "web-", 1'000); });
  ASSERT_TRUE(receiver_.Await([](const auto& taken, auto) { return taken.size() > 200; }));
  servers_[leader]->Signal(SIGKILL);
  (void)servers_[leader]->WaitForExit(10s);
  servers_[leader].reset();
  clients.join();
  EXPECT_THAT(AwaitAll(*servers_[other]), IsEmpty());
  EXPECT_THAT(Leaders(), SizeIs(1));
  EXPECT_LE(Repeated(), 500u) << "64 events, or what a tenth of a second brought";
  std::printf("%zu events, %zu sent again\n", receiver_.Taken().size() - Repeated(), Repeated());
}

TEST_F(HookedCluster, ALeaderThatStopsHandsOverAtOnceAndNothingIsSentAgain) {
  const std::size_t leader = Leaders()[0], other = OtherThan(leader);
  ComeAndGo(servers_[other]->address(), "web-", 50);
  ASSERT_TRUE(receiver_.Await([](const auto& taken, auto) { return taken.size() == 100; }));
  EXPECT_EQ(servers_[leader]->Stop(), 0);
  servers_[leader].reset();
  ASSERT_TRUE(Eventually([this] { return Leaders().size() == 1; }));
  ComeAndGo(servers_[other]->address(), "db-", 50);
  EXPECT_THAT(AwaitAll(*servers_[other]), IsEmpty());
  EXPECT_EQ(Repeated(), 0u);
}

TEST_F(HookedCluster, ALeaderThatIsCutOffSendsNothingOnceAnotherMay) {
  const std::size_t leader = Leaders()[0], other = OtherThan(leader);
  cables_[leader]->Set(TcpForwarder::Mode::kHang);
  ASSERT_TRUE(Eventually([&] {
    const auto leaders = Leaders();
    return leaders.size() == 1 && leaders[0] != leader;
  }));
  ComeAndGo(servers_[other]->address(), "web-", 50);
  EXPECT_THAT(AwaitAll(*servers_[other]), IsEmpty());
  cables_[leader]->Set(TcpForwarder::Mode::kForward);
  ComeAndGo(servers_[other]->address(), "db-", 50);
  EXPECT_THAT(AwaitAll(*servers_[other]), IsEmpty());
  EXPECT_THAT(Leaders(), SizeIs(1));
  EXPECT_EQ(Repeated(), 0u);
}

TEST_F(HookedCluster, ALeaderThatStoodStillKnowsThatItLeadsNoLonger) {
  const std::size_t leader = Leaders()[0], other = OtherThan(leader);
  servers_[leader]->Pause();
  ASSERT_TRUE(Eventually([&] {
    for (std::size_t n = 0; n < servers_.size(); ++n) {
      if (n != leader && HookOf(*servers_[n], "pager").leader()) return true;
    }
    return false;
  }));
  ComeAndGo(servers_[other]->address(), "web-", 50);
  EXPECT_THAT(AwaitAll(*servers_[other]), IsEmpty());
  servers_[leader]->Continue();
  EXPECT_TRUE(Eventually([this] { return Leaders().size() == 1; }));
  ComeAndGo(servers_[other]->address(), "db-", 50);
  EXPECT_THAT(AwaitAll(*servers_[other]), IsEmpty());
  EXPECT_EQ(Repeated(), 0u);
}

}  // namespace
}  // namespace liveness::testing
