// What of history goes first: what is too old by a clock that can be believed, and what one client has too
// much.
#include <map>
#include <thread>

#include "common/strings.h"
#include "tests/unit/storage/sqlite_fixture.h"

namespace liveness::storage {
namespace {

using core::State;
using std::chrono::hours;
using std::chrono::minutes;
using ::testing::ElementsAre;

class SqliteTrimming : public SqliteFixture {
 protected:
  std::map<std::string, int> RowsByClient() {
    std::map<std::string, int> rows;
    HistoryQuery query;
    query.limit = 100'000;
    for (const auto& each : Read(query).transitions) ++rows[std::string(each->after->client_id())];
    return rows;
  }
  void AwaitRows(std::size_t count) {
    HistoryQuery query;
    query.limit = 100'000;
    while (Read(query).transitions.size() > count) std::this_thread::yield();
  }
  // Begins a session of `principal`'s.
  core::RecordPtr JoinAs(const std::string& principal, const std::string& client_id) {
    core::ClientRecord record = testing::NewSession(client_id, clock_.Wall());
    core::ClientInfo info = record.info.Unpack();
    info.principal = principal;
    record.info = core::PackedInfo(info);
    const auto outcome = proposer_->Change(nullptr, std::move(record), clock_.Wall());
    EXPECT_TRUE(outcome.ok()) << outcome.status();
    return outcome.ok() ? *outcome : nullptr;
  }
  core::RecordPtr Shout(core::RecordPtr record, int times) {
    for (int n = 0; n < times; ++n) record = Move(record, State::kAlive);
    return record;
  }
};

TEST_F(SqliteTrimming, OneLoudClientDoesNotPushOutEverybodyElse) {
  options_.max_history_rows = 100;
  options_.max_history_per_client = 10;
  Open();
  for (int n = 0; n < 50; ++n) Join(common::StrCat("quiet-", n));
  const core::RecordPtr loud = Shout(Join("loud"), 1'000);
  AwaitRows(100);
  auto rows = RowsByClient();
  for (int n = 0; n < 50; ++n) EXPECT_EQ(rows[common::StrCat("quiet-", n)], 1) << n;
  EXPECT_GE(rows["loud"], 10);
  EXPECT_LE(rows["loud"], 50);
  // It is said that not all is there, to whoever comes from before the last that was dropped.
  HistoryQuery query;
  EXPECT_EQ(Read(query).gaps.size(), 1u);
  EXPECT_LT(Read(query).compacted, contents_.revision + 1);
  query.after = loud->revision - 10;
  EXPECT_TRUE(Read(query).gaps.empty());
}

TEST_F(SqliteTrimming, WhoWasLoudBeforeAStartIsKnown) {
  options_.max_history_rows = 1'000;
  options_.max_history_per_client = 20;
  Open();
  for (int n = 0; n < 20; ++n) Join(common::StrCat("quiet-", n));
  Shout(Join("loud"), 600);
  Close();
  options_.max_history_rows = 100;
  Open();
  Join("another");
  AwaitRows(100);
  auto rows = RowsByClient();
  for (int n = 0; n < 20; ++n) EXPECT_EQ(rows[common::StrCat("quiet-", n)], 1) << n;
  EXPECT_EQ(rows["another"], 1);
}

// Each of its ids has no more than its share.
TEST_F(SqliteTrimming, APrincipalOfManyIdsDoesNotPushOutOthers) {
  options_.max_history_rows = 100;
  Open();
  for (int n = 0; n < 40; ++n) JoinAs("spiffe://d/quiet", common::StrCat("quiet-", n));
  for (int n = 0; n < 1'000; ++n) {
    if (n == 600) {
      Close();
      Open();
    }
    JoinAs("spiffe://d/loud", common::StrCat("sybil-", n));
  }
  AwaitRows(100);
  auto rows = RowsByClient();
  for (int n = 0; n < 40; ++n) EXPECT_EQ(rows[common::StrCat("quiet-", n)], 1) << n;
  for (int n = 940; n < 1'000; ++n) EXPECT_EQ(rows[common::StrCat("sybil-", n)], 1) << n;
  EXPECT_EQ(Read().gaps.size(), 1u) << "it is said that not all is there";
  // What comes then pushes out whoever has more than half, and the oldest of all when nobody has.
  for (int n = 0; n < 30; ++n) JoinAs("spiffe://d/late", common::StrCat("late-", n));
  AwaitRows(100);
  rows = RowsByClient();
  EXPECT_EQ(rows["quiet-0"], 0);
  EXPECT_EQ(rows["quiet-39"], 1);
  EXPECT_EQ(rows["late-0"], 1);
}

TEST_F(SqliteTrimming, ManyWhoHaveNoMoreThanTheirShareLoseTheOldestAsBefore) {
  options_.max_history_rows = 50;
  options_.max_history_per_client = 10;
  Open();
  std::vector<std::uint64_t> told;
  for (int n = 0; n < 400; ++n) told.push_back(Join(common::StrCat("client-", n))->revision);
  AwaitRows(50);
  const auto part = Read();
  EXPECT_EQ(part.compacted, told[349]);
  EXPECT_TRUE(part.gaps.empty());
}

TEST_F(SqliteTrimming, AClockThatJumpsAWeekAheadAndBackDropsNothing) {
  options_.max_history_age = hours(24);
  Open();
  const std::uint64_t first = Join("web-0")->revision;
  for (int n = 1; n < 1'000; ++n) {  // so many that history is looked through
    if (n == 300) clock_.StepWall(hours(7 * 24));
    if (n == 700) clock_.StepWall(-hours(7 * 24));
    Join(common::StrCat("web-", n));
  }
  clock_.Advance(minutes(10));
  for (int n = 0; n < 600; ++n) Join(common::StrCat("db-", n));
  HistoryQuery query;
  query.limit = 1;
  EXPECT_EQ(Read(query).transitions.at(0)->revision(), first);
  EXPECT_LT(Read(query).compacted, first);
}

TEST_F(SqliteTrimming, AClockThatIsWrongAtTheStartDropsNothingSoon) {
  options_.max_history_age = hours(24);
  Open();
  const std::uint64_t first = Join("web-0")->revision;
  Close();
  clock_.StepWall(hours(7 * 24));
  Open();
  for (int n = 0; n < 600; ++n) Join(common::StrCat("db-", n));
  clock_.StepWall(-hours(7 * 24));
  for (int n = 0; n < 600; ++n) Join(common::StrCat("cache-", n));
  HistoryQuery query;
  query.limit = 1;
  EXPECT_EQ(Read(query).transitions.at(0)->revision(), first);
}

}  // namespace
}  // namespace liveness::storage
