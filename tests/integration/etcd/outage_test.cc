// etcd stops, hangs or is cut off from a server: what was decided waits, what
// would be a promise is refused, and afterwards everything is told once.
#include <atomic>

#include "common/strings.h"
#include "tests/integration/etcd/etcd_fixture.h"
#include "tests/support/tcp_forwarder.h"

namespace liveness::testing {
namespace {

using core::State;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

class Outage : public EtcdTest {
 protected:
  void SetUp() override { StartEtcd(); }
};

TEST_F(Outage, GoneAndBack) {
  const auto server = Serve("a");
  JoinMany(*server, 300);
  etcd_->Kill(0);
  const auto killed = steady_clock::now();
  const auto suspects = MoveAll(*server, State::kSuspect);
  ASSERT_TRUE(EventuallySick(*server));
  EXPECT_LT(steady_clock::now() - killed, seconds(5));
  EXPECT_THAT(std::string(server->store->health().message()), ::testing::HasSubstr(etcd_->endpoints()[0]));

  const auto asked = steady_clock::now();
  const auto refused = server->proposer.Join("late");
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(common::ReasonOf(refused.status()), "STORE_UNAVAILABLE");
  EXPECT_LT(steady_clock::now() - asked, seconds(1)) << "it is known to be away";
  for (const std::uint64_t proposal : suspects) ASSERT_FALSE(server->proposer.Known(proposal));

  etcd_->Restart(0);
  ASSERT_TRUE(EventuallyHealthy(*server));
  ExpectAllCommitted(*server, suspects);
  EXPECT_EQ(server->proposer.told().size(), 600u);
  EXPECT_TRUE(server->proposer.Join("late").ok());
}

TEST_F(Outage, ARegistrationWaitsForItsTimeAndNoLonger) {
  TcpForwarder cable(etcd_->endpoints()[0]);
  auto options = OptionsOf("a");
  options.endpoints = {cable.address()};
  const auto server = Serve(options);
  ASSERT_TRUE(EventuallyServers(*server, {"a"}));
  // Short enough: it is committed.
  cable.Set(TcpForwarder::Mode::kCut);
  std::this_thread::sleep_for(milliseconds(100));
  const auto first = server->proposer.Propose(nullptr, NewSession("web-1"));
  std::this_thread::sleep_for(milliseconds(300));
  EXPECT_FALSE(server->proposer.Known(first));
  cable.Set(TcpForwarder::Mode::kForward);
  EXPECT_TRUE(server->proposer.Await(first).ok());
  // Too long.
  cable.Set(TcpForwarder::Mode::kCut);
  std::this_thread::sleep_for(milliseconds(100));
  const auto asked = steady_clock::now();
  const auto second = server->proposer.Join("web-2");
  const auto waited = steady_clock::now() - asked;
  EXPECT_EQ(common::ReasonOf(second.status()), "STORE_UNAVAILABLE");
  EXPECT_GT(waited, seconds(1));
  EXPECT_LT(waited, seconds(5));
  cable.Set(TcpForwarder::Mode::kForward);
  ASSERT_TRUE(EventuallyHealthy(*server));
  EXPECT_EQ(server->proposer.told().size(), 1u) << "what was refused is not committed afterwards";
  EXPECT_TRUE(server->proposer.Join("web-2").ok());
}

// The answers to transactions never come, and some of them were carried out.
TEST_F(Outage, AnUnknownOutcomeResolvesItself) {
  const auto server = Serve("a");
  JoinMany(*server, 200);
  std::size_t rounds = 0;
  for (const milliseconds stop : {milliseconds(0), milliseconds(2)}) {
    const auto proposals = MoveAll(*server, rounds++ % 2 == 0 ? State::kSuspect : State::kAlive);
    std::this_thread::sleep_for(stop);
    etcd_->Pause(0);
    ASSERT_TRUE(EventuallySick(*server));
    etcd_->Continue(0);
    ExpectAllCommitted(*server, proposals);
    ASSERT_TRUE(EventuallyHealthy(*server));
  }
  EXPECT_EQ(server->proposer.told().size(), 200 * (1 + rounds)) << "each once";
}

// The same, seen by a server whose calls reach etcd while the answers do not.
TEST_F(Outage, AnswersThatAreLostCostNoChange) {
  TcpForwarder cable(etcd_->endpoints()[0]);
  auto options = OptionsOf("a");
  options.endpoints = {cable.address()};
  const auto server = Serve(options);
  const auto other = Serve("b");
  JoinMany(*server, 100);
  for (int round = 0; round < 6; ++round) {
    const auto proposals = MoveAll(*server, round % 2 == 0 ? State::kSuspect : State::kAlive);
    std::this_thread::sleep_for(milliseconds(round));
    cable.Set(TcpForwarder::Mode::kCut);
    std::this_thread::sleep_for(milliseconds(20));
    cable.Set(TcpForwarder::Mode::kForward);
    ExpectAllCommitted(*server, proposals);
  }
  ASSERT_TRUE(Eventually([&] { return other->proposer.told().size() == 700; }));
  EXPECT_EQ(Lines(*server), Lines(*other));
}

TEST_F(Outage, AServerThatIsCutOffLosesItsSeatAndTakesItAgain) {
  TcpForwarder cable(etcd_->endpoints()[0]);
  auto options = OptionsOf("a");
  options.endpoints = {cable.address()};
  const auto a = Serve(options);
  // Who is no longer there must not be heard of before it is there again.
  std::atomic<int> unseated{0};
  const auto b = Serve(OptionsOf("b"), [&](EtcdServer& self) {
    const auto told = self.proposer.told();
    if (told.size() > 60 && self.proposer.servers() != std::vector<std::string>{"a", "b"}) ++unseated;
  });
  JoinMany(*a, 50);
  ASSERT_TRUE(Eventually([&] { return b->proposer.told().size() == 50; }));
  ASSERT_TRUE(EventuallyServers(*b, {"a", "b"}));

  cable.Set(TcpForwarder::Mode::kHang);
  const auto cut = steady_clock::now();
  ASSERT_TRUE(EventuallySick(*a));
  EXPECT_LT(steady_clock::now() - cut, seconds(5));
  ASSERT_TRUE(Eventually([&] { return !a->store->has_lease(); }));
  EXPECT_GT(steady_clock::now() - cut, seconds(1)) << "with its lease, not with its first failure";
  ASSERT_TRUE(EventuallyServers(*b, {"b"}));
  EXPECT_GT(steady_clock::now() - cut, seconds(1)) << "not before its lease ends";
  // Meanwhile b takes some of its clients, and a decides on all.
  for (int n = 0; n < 10; ++n) {
    const auto records = b->proposer.Records();
    ASSERT_TRUE(b->proposer.Move(records.at(common::StrCat("web-", n)), State::kDead).ok());
  }
  const auto proposals = MoveAll(*a, State::kSuspect);

  cable.Set(TcpForwarder::Mode::kForward);
  ASSERT_TRUE(EventuallyHealthy(*a));
  int conflicts = 0;
  for (const std::uint64_t proposal : proposals) {
    const auto outcome = a->proposer.Await(proposal);
    if (!outcome.ok()) {
      EXPECT_EQ(common::ReasonOf(outcome.status()), "CONFLICT");
      ++conflicts;
    }
  }
  EXPECT_EQ(conflicts, 10) << "the newer truth stands";
  EXPECT_TRUE(Eventually([&] { return a->store->has_lease(); }));
  ASSERT_TRUE(EventuallyServers(*b, {"a", "b"}));
  ASSERT_TRUE(EventuallyServers(*a, {"a", "b"}));
  ASSERT_TRUE(Eventually([&] { return b->proposer.told().size() == 100; }));
  EXPECT_EQ(Lines(*a), Lines(*b));
  EXPECT_EQ(a->proposer.Records().at("web-3")->state, State::kDead);
  EXPECT_EQ(unseated, 0);
}

TEST_F(Outage, AShortCutCostsNoSeat) {
  TcpForwarder cable(etcd_->endpoints()[0]);
  auto options = OptionsOf("a");
  options.endpoints = {cable.address()};
  options.lease_ttl = seconds(30);
  const auto a = Serve(options);
  const auto b = Serve("b");
  ASSERT_TRUE(EventuallyServers(*b, {"a", "b"}));
  const std::string before = etcd_->Ctl({"lease", "list"});
  for (int n = 0; n < 3; ++n) {
    cable.Set(TcpForwarder::Mode::kCut);
    std::this_thread::sleep_for(milliseconds(300));
    cable.Set(TcpForwarder::Mode::kForward);
    ASSERT_TRUE(a->proposer.Join(common::StrCat("web-", n)).ok());
    EXPECT_TRUE(a->store->has_lease());
  }
  EXPECT_EQ(etcd_->Ctl({"lease", "list"}), before) << "the same leases stand";
  // However long the lease, silence is noticed, and what is no silence is not.
  std::this_thread::sleep_for(milliseconds(2500));
  EXPECT_TRUE(a->store->health().ok()) << a->store->health();
}

// As after a SIGSTOP: etcd was there all the time.
TEST_F(Outage, AServerThatStoodStillDoesNotBlameEtcd) {
  auto options = OptionsOf("a");
  options.lease_ttl = seconds(30);
  std::atomic<bool> stand{false};
  std::atomic<int> sick{0};
  const auto server = Serve(options, [&](EtcdServer&) {
    if (stand.exchange(false)) std::this_thread::sleep_for(seconds(4));
  });
  const auto other = Serve("b");
  const auto joined = server->proposer.Join("web-1");
  ASSERT_TRUE(joined.ok());
  ASSERT_TRUE(EventuallyServers(*server, {"a", "b"}));
  // In another's change: no answer to one of ours comes afterwards.
  stand = true;
  ASSERT_TRUE(other->proposer.Join("web-2").ok());
  ASSERT_TRUE(Eventually([&] { return !stand; }));
  const auto until = steady_clock::now() + seconds(5);
  while (steady_clock::now() < until) {
    if (!server->store->health().ok()) ++sick;
    std::this_thread::sleep_for(milliseconds(1));
  }
  EXPECT_EQ(sick, 0);
  EXPECT_TRUE(server->proposer.Move(*joined, State::kSuspect).ok());
}

TEST_F(Outage, StopDoesNotWaitForAnEtcdThatHangs) {
  const auto server = Serve("a");
  JoinMany(*server, 10);
  etcd_->Pause(0);
  MoveAll(*server, State::kSuspect);
  const auto begin = steady_clock::now();
  server->store->Stop();
  EXPECT_LT(steady_clock::now() - begin, seconds(4));
  etcd_->Continue(0);
}

TEST_F(Outage, AStartWithoutEtcdSaysSo) {
  etcd_->Kill(0);
  auto options = OptionsOf("a");
  options.open_patience = milliseconds(300);
  const auto store = storage::etcd::EtcdStore::Open(options, common::SystemClock());
  EXPECT_EQ(store.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(store.status().message()), ::testing::HasSubstr(etcd_->endpoints()[0]));
}

}  // namespace
}  // namespace liveness::testing
