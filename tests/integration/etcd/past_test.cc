// What a server knows of the past: over its own restart, over a compaction,
// over an etcd that was restored.
#include "common/strings.h"
#include "tests/integration/etcd/etcd_fixture.h"
#include "tests/support/registry/same_record.h"
#include "tests/support/tcp_forwarder.h"

namespace liveness::testing {
namespace {

using core::State;
using std::chrono::seconds;

class PastTest : public EtcdTest {
 protected:
  void SetUp() override { StartEtcd(); }

  static std::vector<std::uint64_t> Revisions(const EtcdServer& server) {
    std::vector<std::uint64_t> revisions;
    storage::HistoryQuery all;
    all.limit = 100'000;
    const auto part = server.store->ReadHistory(all);
    EXPECT_TRUE(part.ok());
    for (const core::TransitionPtr& each : part->transitions) revisions.push_back(each->revision());
    return revisions;
  }
  // A few clients with a past of several changes; one is forgotten.
  static void Live(EtcdServer& server, const std::string& name, int clients = 10) {
    for (int n = 0; n < clients; ++n) {
      const auto joined = server.proposer.Join(common::StrCat(name, "-", n));
      ASSERT_TRUE(joined.ok());
      const auto suspect = server.proposer.Move(*joined, State::kSuspect);
      ASSERT_TRUE(suspect.ok());
      if (n > 0) continue;
      ASSERT_TRUE(server.proposer.Move(*suspect, State::kForgotten).ok());
    }
  }
  static void ExpectSameRecords(const std::vector<core::RecordPtr>& loaded, const EtcdServer& told) {
    const auto records = told.proposer.Records();
    EXPECT_EQ(loaded.size(), records.size());
    for (const core::RecordPtr& record : loaded) {
      const auto at = records.find(std::string(record->client_id()));
      ASSERT_NE(at, records.end()) << record->client_id();
      EXPECT_EQ(Difference(*record, *at->second), "") << record->client_id();
    }
  }
};

TEST_F(PastTest, AServerThatStartsLaterKnowsWhatWasBefore) {
  const auto a = Serve("a");
  Live(*a, "web");
  const auto b = Serve("b");
  EXPECT_EQ(Revisions(*b), Revisions(*a));
  EXPECT_EQ(Revisions(*b).size(), 21u);
  ExpectSameRecords(b->contents.records, *a);
  EXPECT_GE(b->contents.revision, Revisions(*b).back());
  // Both go on from there.
  Live(*b, "db", 2);
  ASSERT_TRUE(Eventually([&] { return Revisions(*a).size() == 26; }));
  EXPECT_EQ(Revisions(*b), Revisions(*a));
}

TEST_F(PastTest, OnlySoMuchIsReadBackAndSaid) {
  const auto a = Serve("a");
  Live(*a, "web", 40);
  auto options = OptionsOf("b");
  options.max_history = 30;
  const auto b = Serve(options);
  ExpectSameRecords(b->contents.records, *a);
  const auto revisions = Revisions(*b);
  EXPECT_LE(revisions.size(), 30u);
  EXPECT_GE(revisions.size(), 20u);
  const auto part = b->store->ReadHistory({});
  EXPECT_LT(part->compacted, revisions.front());
  EXPECT_GE(part->compacted, Revisions(*a)[40]);
}

TEST_F(PastTest, AStartAfterACompactionReadsWhatIsLeft) {
  const auto a = Serve("a");
  Live(*a, "web");
  const std::string middle = EtcdRevision();
  Live(*a, "db");
  ASSERT_NE(etcd_->Ctl({"compaction", middle}), "");
  const auto b = Serve("b");
  ExpectSameRecords(b->contents.records, *a);
  const auto all = Revisions(*a), left = Revisions(*b);
  ASSERT_EQ(left.size(), 21u);
  EXPECT_EQ(left, (std::vector<std::uint64_t>(all.begin() + 21, all.end())));
}

TEST_F(PastTest, AWatchThatLostItsPlaceIsReloadedAndTheGapSaid) {
  TcpForwarder cable(etcd_->endpoints()[0]);
  auto options = OptionsOf("a");
  options.endpoints = {cable.address()};
  const auto a = Serve(options);
  const auto b = Serve("b");
  Live(*a, "web");
  ASSERT_TRUE(Eventually([&] { return Lines(*b) == Lines(*a); }));

  cable.Set(TcpForwarder::Mode::kCut);
  const std::size_t before = a->proposer.told().size();
  // One is forgotten, one is begun anew, one is changed twice, some are new; a wants to change two of them.
  const auto records = b->proposer.Records();
  ASSERT_TRUE(b->proposer.Move(records.at("web-1"), State::kForgotten).ok());
  ASSERT_TRUE(b->proposer.Change(records.at("web-2"), NewSession("web-2")).ok());
  ASSERT_TRUE(b->proposer.Move(*b->proposer.Move(records.at("web-3"), State::kAlive), State::kDead).ok());
  Live(*b, "db");
  const auto lost = a->proposer.Propose(records.at("web-3"), [&] {
    core::ClientRecord after = *records.at("web-3");
    after.state = State::kAlive;
    return after;
  }());
  const auto kept = a->proposer.Propose(records.at("web-4"), [&] {
    core::ClientRecord after = *records.at("web-4");
    after.state = State::kAlive;
    return after;
  }());
  ASSERT_NE(etcd_->Ctl({"compaction", EtcdRevision()}), "");
  cable.Set(TcpForwarder::Mode::kForward);

  EXPECT_EQ(common::ReasonOf(a->proposer.Await(lost).status()), "CONFLICT");
  EXPECT_TRUE(a->proposer.Await(kept).ok());
  ASSERT_TRUE(EventuallyHealthy(*a));
  ASSERT_TRUE(Eventually([&] { return b->proposer.told().back().after->client_id() == "web-4"; }));
  EXPECT_EQ(a->proposer.disorder(), "");
  ExpectSameRecords(b->store->health().ok() ? Serve("c")->contents.records : a->contents.records, *a);
  EXPECT_GT(a->proposer.told().size(), before);
  const auto part = a->store->ReadHistory({});
  ASSERT_EQ(part->gaps.size(), 1u);
  EXPECT_LT(part->gaps[0].first, part->gaps[0].second);
  EXPECT_TRUE(b->store->ReadHistory({})->gaps.empty());
  EXPECT_EQ(a->proposer.gaps(), part->gaps) << "and is told to the registry";
  EXPECT_EQ(a->proposer.disorder(), "");
  // It follows again.
  ASSERT_TRUE(b->proposer.Join("web-99").ok());
  ASSERT_TRUE(Eventually([&] { return a->proposer.Records().contains("web-99"); }));
}

// The way that docs/cluster.md describes.
TEST_F(PastTest, ARestoredEtcdIsAnotherHistoryWhoseRevisionsGrowAllTheSame) {
  const TempDir backup;
  auto a = Serve("a");
  const std::string old_id = a->store->history_id();
  const core::RecordPtr saved = *a->proposer.Join("web-1");
  ASSERT_NE(etcd_->Ctl({"snapshot", "save", backup.file("snapshot")}), "");
  Live(*a, "after-the-copy");
  const std::uint64_t last = (*a->proposer.Join("web-2"))->revision;
  ASSERT_TRUE(etcd_->RestoreFrom(backup.file("snapshot")));
  // A server that ran on is of no use any more, and says so.
  ASSERT_TRUE(EventuallySick(*a));
  ASSERT_TRUE(Eventually([&] { return a->store->health().message().find("restart") != std::string::npos; }))
      << a->store->health();
  EXPECT_EQ(common::ReasonOf(a->proposer.Join("web-3").status()), "STORE_UNAVAILABLE");
  a.reset();

  ASSERT_NE(etcd_->Ctl({"del", "/liveness/meta/history"}), "");
  a = Serve("a");
  EXPECT_NE(a->store->history_id(), old_id);
  ASSERT_EQ(a->contents.records.size(), 1u);
  const core::RecordPtr record = a->contents.records[0];
  EXPECT_GT(record->incarnation, last) << "its session may have been followed by others";
  EXPECT_GT(record->revision, last);
  const auto moved = a->proposer.Move(record, State::kSuspect);
  ASSERT_TRUE(moved.ok()) << moved.status();
  EXPECT_EQ((*moved)->incarnation, record->incarnation);
  EXPECT_GT(record->incarnation, saved->incarnation);
  EXPECT_GT((*a->proposer.Join("web-2"))->incarnation, last);
}

TEST_F(PastTest, AHistoryWhoseNameIsDeletedUnderARunningServerIsOver) {
  const auto a = Serve("a");
  ASSERT_TRUE(a->proposer.Join("web-1").ok());
  ASSERT_NE(etcd_->Ctl({"del", "/liveness/meta/history"}), "");
  ASSERT_TRUE(EventuallySick(*a));
  EXPECT_THAT(std::string(a->store->health().message()), ::testing::HasSubstr("restart"));
  EXPECT_EQ(common::ReasonOf(a->proposer.Join("web-2").status()), "STORE_UNAVAILABLE");
}

TEST_F(PastTest, AnEtcdThatWentBackIsNoticedOnReconnect) {
  TcpForwarder cable(etcd_->endpoints()[0]);
  auto options = OptionsOf("a");
  options.endpoints = {cable.address()};
  const auto a = Serve(options);
  Live(*a, "web");
  cable.Set(TcpForwarder::Mode::kCut);
  ASSERT_NE(etcd_->Ctl({"put", "/liveness/meta/history", "0123456789abcdef 17"}), "");
  cable.Set(TcpForwarder::Mode::kForward);
  ASSERT_TRUE(EventuallySick(*a));
  EXPECT_THAT(std::string(a->store->health().message()), ::testing::HasSubstr("another history"));
}

TEST_F(PastTest, AStartOnWhatItCannotReadNamesTheKey) {
  ASSERT_NE(Serve("a"), nullptr);
  ASSERT_NE(etcd_->Ctl({"put", "/liveness/clients/web-1", "nonsense"}), "");
  auto store = storage::etcd::EtcdStore::Open(OptionsOf("b"), common::SystemClock());
  ASSERT_TRUE(store.ok());
  const auto contents = (*store)->Load();
  // It is within what is read back: forgotten, as by those that saw it being written.
  EXPECT_TRUE(contents.ok()) << contents.status();
  ASSERT_NE(etcd_->Ctl({"compaction", EtcdRevision()}), "");
  auto later = storage::etcd::EtcdStore::Open(OptionsOf("c"), common::SystemClock());
  const auto refused = (*later)->Load();
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(refused.status().message()), ::testing::HasSubstr("/liveness/clients/web-1"));
}

}  // namespace
}  // namespace liveness::testing
