// Two servers on one etcd: one order, one truth.
#include <algorithm>
#include <set>

#include "common/strings.h"
#include "tests/integration/etcd/etcd_fixture.h"
#include "tests/support/registry/same_record.h"

namespace liveness::testing {
namespace {

using core::State;

class TwoServers : public EtcdTest {
 protected:
  void SetUp() override {
    StartEtcd();
    if (etcd_ == nullptr) return;
    a_ = Serve("a");
    b_ = Serve("b");
    ASSERT_TRUE(a_ != nullptr && b_ != nullptr);
    ASSERT_TRUE(EventuallyServers(*a_, {"a", "b"}));
    ASSERT_TRUE(EventuallyServers(*b_, {"a", "b"}));
  }

  std::unique_ptr<EtcdServer> a_, b_;
};

TEST_F(TwoServers, ShareTheirHistoryAndTheirKey) {
  EXPECT_EQ(a_->store->history_id(), b_->store->history_id());
  EXPECT_EQ(a_->store->token_key(), b_->store->token_key());
}

TEST_F(TwoServers, SeeEachOthersRecordsWhole) {
  core::ClientRecord proposed = NewSession("web-1", core::WallTime(std::chrono::seconds(1'700'000'000)));
  proposed.attachment = 3;
  const auto joined = a_->proposer.Change(nullptr, proposed, core::WallTime(std::chrono::seconds(7)));
  ASSERT_TRUE(joined.ok());
  ASSERT_TRUE(Eventually([&] { return b_->proposer.told().size() == 1; }));
  const storage::Committed told = b_->proposer.told()[0];
  EXPECT_EQ(told.proposal, 0u) << "it is not b's";
  EXPECT_EQ(Difference(*told.after, **joined), "");
  EXPECT_EQ(told.time, core::WallTime(std::chrono::seconds(7)));
}

TEST_F(TwoServers, TellAStormInTheSameOrder) {
  constexpr int kClients = 100, kRounds = 25;  // on each: 5,000 changes in all
  const auto churn = [](EtcdServer& server, const std::string& name) {
    std::vector<core::RecordPtr> records(kClients);
    for (int round = 0; round < kRounds; ++round) {
      std::vector<std::uint64_t> proposals;
      for (int n = 0; n < kClients; ++n) {
        core::ClientRecord after = NewSession(common::StrCat(name, "-", n));
        if (records[n] != nullptr) after = *records[n];
        after.state = round % 2 == 0 ? State::kAlive : State::kSuspect;
        proposals.push_back(server.proposer.Propose(records[n], after));
      }
      for (int n = 0; n < kClients; ++n) {
        const auto outcome = server.proposer.Await(proposals[n]);
        ASSERT_TRUE(outcome.ok()) << outcome.status();
        records[n] = *outcome;
      }
    }
  };
  std::thread other([&] { churn(*b_, "of-b"); });
  churn(*a_, "of-a");
  other.join();
  constexpr std::size_t kChanges = 2 * kClients * kRounds;
  ASSERT_TRUE(Eventually(
      [&] { return a_->proposer.told().size() >= kChanges && b_->proposer.told().size() >= kChanges; }));
  EXPECT_EQ(a_->proposer.disorder(), "");
  EXPECT_EQ(b_->proposer.disorder(), "");
  const auto lines = Lines(*a_);
  EXPECT_EQ(lines.size(), kChanges);
  EXPECT_EQ(lines, Lines(*b_));
  std::set<std::pair<std::uint64_t, std::string>> unique;
  for (const Line& line : lines) unique.emplace(std::get<0>(line), std::get<1>(line));
  EXPECT_EQ(unique.size(), kChanges) << "nothing is told twice";
}

TEST_F(TwoServers, OneOfTwoThatWantTheSameWinsAndTheOtherKnowsWhy) {
  for (int round = 0; round < 100; ++round) {
    const std::string id = common::StrCat("web-", round);
    core::ClientRecord of_a = NewSession(id), of_b = NewSession(id);
    of_a.attachment = 1;
    of_b.attachment = 2;
    const std::uint64_t from_a = a_->proposer.Propose(nullptr, of_a);
    const std::uint64_t from_b = b_->proposer.Propose(nullptr, of_b);
    const auto a = a_->proposer.Await(from_a), b = b_->proposer.Await(from_b);
    ASSERT_NE(a.ok(), b.ok()) << id;
    const auto& refused = a.ok() ? b : a;
    const EtcdServer& loser = a.ok() ? *b_ : *a_;
    EXPECT_EQ(refused.status().code(), absl::StatusCode::kAborted);
    EXPECT_EQ(common::ReasonOf(refused.status()), "CONFLICT");
    const auto records = loser.proposer.Records();
    ASSERT_TRUE(records.contains(id)) << "the winner was told before the refusal";
    EXPECT_EQ(records.at(id)->revision, (a.ok() ? *a : *b)->revision);
  }
  EXPECT_EQ(a_->proposer.disorder(), "");
  EXPECT_EQ(b_->proposer.disorder(), "");
}

TEST_F(TwoServers, AChangeDecidedOnAnOldRecordIsRefused) {
  const auto joined = a_->proposer.Join("web-1");
  ASSERT_TRUE(joined.ok());
  ASSERT_TRUE(Eventually([&] { return b_->proposer.Records().contains("web-1"); }));
  const auto moved = b_->proposer.Move(b_->proposer.Records().at("web-1"), State::kSuspect);
  ASSERT_TRUE(moved.ok());
  ASSERT_TRUE(Eventually([&] { return a_->proposer.told().size() == 2; }));
  // It has been told long ago: no event will come to decide it.
  const auto late = a_->proposer.Move(*joined, State::kDead);
  EXPECT_EQ(common::ReasonOf(late.status()), "CONFLICT");
  EXPECT_EQ(a_->proposer.Records().at("web-1")->state, State::kSuspect);
}

TEST_F(TwoServers, AForgottenClientIsToldOnceToBothAndLeavesNothing) {
  std::vector<core::RecordPtr> left;
  for (int n = 0; n < 200; ++n) left.push_back(*a_->proposer.Join(common::StrCat("web-", n)));
  ASSERT_TRUE(Eventually([&] { return b_->proposer.told().size() == left.size(); }));
  std::vector<std::uint64_t> proposals;
  for (const core::RecordPtr& record : left) {
    core::ClientRecord gone = *record;
    gone.state = State::kForgotten;
    proposals.push_back(a_->proposer.Propose(record, gone, core::WallTime(std::chrono::seconds(9))));
  }
  for (const std::uint64_t proposal : proposals) ASSERT_TRUE(a_->proposer.Await(proposal).ok());
  ASSERT_TRUE(Eventually([&] { return b_->proposer.told().size() == 2 * left.size(); }));
  EXPECT_EQ(Lines(*a_), Lines(*b_));
  EXPECT_EQ(b_->proposer.told().back().after->state, State::kForgotten);
  EXPECT_EQ(b_->proposer.told().back().time, core::WallTime(std::chrono::seconds(9)));
  EXPECT_TRUE(b_->proposer.Records().empty());
  EXPECT_EQ(etcd_->Ctl({"get", "--prefix", "--keys-only", "/liveness/clients/"}), "");
  const std::string slots = etcd_->Ctl({"get", "--prefix", "--keys-only", "/liveness/forgotten/"});
  EXPECT_LE(std::count(slots.begin(), slots.end(), '/') / 3, 64);
  // It may come again, at either.
  EXPECT_TRUE(b_->proposer.Join("web-1").ok());
}

TEST_F(TwoServers, AKeyThatIsDeletedByHandIsToldAsForgotten) {
  ASSERT_TRUE(a_->proposer.Join("web-1").ok());
  ASSERT_NE(etcd_->Ctl({"del", "/liveness/clients/web-1"}), "");
  for (const EtcdServer* server : {a_.get(), b_.get()}) {
    ASSERT_TRUE(Eventually([&] { return server->proposer.told().size() == 2; }));
    EXPECT_EQ(server->proposer.told()[1].after->state, State::kForgotten);
    EXPECT_EQ(server->proposer.told()[1].proposal, 0u);
  }
}

TEST_F(TwoServers, AServerThatStopsLeavesAtOnce) {
  auto options = OptionsOf("c");
  options.lease_ttl = std::chrono::seconds(600);
  const auto c = Serve(options);
  ASSERT_TRUE(EventuallyServers(*b_, {"a", "b", "c"}));
  c->store->Stop();
  EXPECT_TRUE(EventuallyServers(*b_, {"a", "b"})) << "not when its lease ends";
}

TEST_F(TwoServers, ASecondProcessUnderTheSameNameIsNoticed) {
  const auto second = Serve("a");
  ASSERT_TRUE(EventuallySick(*a_));
  EXPECT_THAT(std::string(a_->store->health().message()), ::testing::HasSubstr("another process"));
  EXPECT_TRUE(second->store->health().ok());
  EXPECT_TRUE(second->proposer.Join("web-1").ok());
}

TEST_F(TwoServers, AServersKeyThatIsDeletedByHandComesBack) {
  ASSERT_NE(etcd_->Ctl({"del", "/liveness/servers/a"}), "");
  ASSERT_TRUE(Eventually([&] { return etcd_->Ctl({"get", "/liveness/servers/a"}) != ""; }));
  ASSERT_TRUE(EventuallyServers(*b_, {"a", "b"}));
}

TEST_F(TwoServers, AKeyThatCannotBeReadIsForgottenAndMayBeTakenAgain) {
  const auto joined = a_->proposer.Join("web-1");
  ASSERT_TRUE(joined.ok());
  ASSERT_NE(etcd_->Ctl({"put", "/liveness/clients/web-1", "nonsense"}), "");
  for (const EtcdServer* server : {a_.get(), b_.get()}) {
    ASSERT_TRUE(Eventually([&] { return server->proposer.told().size() == 2; }));
    EXPECT_EQ(server->proposer.told()[1].after->state, State::kForgotten);
  }
  EXPECT_EQ(common::ReasonOf(a_->proposer.Move(*joined, State::kSuspect).status()), "CONFLICT");
  EXPECT_TRUE(b_->proposer.Join("web-1").ok());
  EXPECT_TRUE(a_->store->health().ok());
}

TEST_F(TwoServers, IdleClientsWriteNothing) {
  for (int n = 0; n < 100; ++n) ASSERT_TRUE(a_->proposer.Join(common::StrCat("web-", n)).ok());
  const double puts = etcd_->Metric(0, "etcd_debugging_mvcc_put_total");
  ASSERT_GT(puts, 100);
  // Several keepalives of both leases.
  std::this_thread::sleep_for(std::chrono::seconds(2));
  EXPECT_EQ(etcd_->Metric(0, "etcd_debugging_mvcc_put_total"), puts);
}

}  // namespace
}  // namespace liveness::testing
