// The past: that it is found without a search, and that it stays within its bounds.
// What a query answers is held in tests/conformance.
#include "server/storage/sqlite_history.h"

#include <thread>

#include "common/strings.h"
#include "server/storage/sqlite_schema.h"
#include "tests/unit/storage/sqlite_fixture.h"

namespace liveness::storage {
namespace {

using core::State;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class SqlitePast : public SqliteFixture {
 protected:
  std::vector<std::uint64_t> Revisions(const HistoryQuery& query = {}) {
    std::vector<std::uint64_t> revisions;
    for (const core::TransitionPtr& transition : Read(query).transitions) {
      revisions.push_back(transition->revision());
    }
    return revisions;
  }
  // What is due is dropped at a calm moment.
  void AwaitRows(std::size_t count) {
    while (Revisions().size() != count) std::this_thread::yield();
  }
};

TEST(SqliteHistory, NoQueryScans) {
  auto database = SqliteDatabase::Open(":memory:", SqliteDatabase::Access::kReadWrite, "");
  ASSERT_TRUE(database.ok());
  ASSERT_TRUE(Migrate(*database, SqliteMigrations()).ok());
  for (const bool one_client : {false, true}) {
    for (const bool timed : {false, true}) {
      for (const bool newest_first : {false, true}) {
        HistoryQuery query;
        if (one_client) query.client_id = "web-1";
        if (timed) query.from = common::WallTime(std::chrono::seconds(1));
        query.newest_first = newest_first;
        const std::string sql = SqliteHistory::Sql(query);
        auto plan = database->Prepare("EXPLAIN QUERY PLAN " + sql);
        ASSERT_TRUE(plan.ok()) << plan.status();
        while (*plan->Step()) {
          const std::string step(plan->Bytes(3));
          EXPECT_THAT(step, HasSubstr("SEARCH history USING")) << sql;
          EXPECT_THAT(step, HasSubstr(one_client ? "history_by_client (client_id=? AND rowid>? AND rowid<?)"
                                                 : "INTEGER PRIMARY KEY (rowid>? AND rowid<?)"))
              << sql;
        }
      }
    }
  }
}

// The index says where a time range lies by a look at each of its rows: some a call.
TEST(SqliteHistory, TheSearchForATimeRangeReadsTheIndexAlone) {
  auto database = SqliteDatabase::Open(":memory:", SqliteDatabase::Access::kReadWrite, "");
  ASSERT_TRUE(database.ok());
  ASSERT_TRUE(Migrate(*database, SqliteMigrations()).ok());
  auto plan = database->Prepare(common::StrCat("EXPLAIN QUERY PLAN ", SqliteHistory::SearchSql()));
  ASSERT_TRUE(plan.ok()) << plan.status();
  while (*plan->Step()) {
    EXPECT_THAT(std::string(plan->Bytes(3)),
                HasSubstr("SEARCH history USING COVERING INDEX history_by_time (time_ns>? AND time_ns<?)"));
  }
}

// Many before the range, more than one call searches in it, and one that comes while it is searched.
TEST_F(SqlitePast, ATimeRangeIsSearchedInParts) {
  constexpr std::size_t kBefore = 3'000;
  constexpr std::size_t kWithin = 2 * SqliteHistory::kSearched + 100;
  Open();
  std::vector<std::uint64_t> proposals;
  const auto propose = [&](common::Duration at) {
    proposals.push_back(proposer_->Propose(
        nullptr, testing::NewSession(common::StrCat("c", proposals.size())), clock_.Wall() + at));
  };
  for (std::size_t n = 0; n < kBefore; ++n) propose(std::chrono::milliseconds(n));
  for (std::size_t n = 0; n < kWithin; ++n) propose(std::chrono::hours(1) + std::chrono::milliseconds(n));
  for (std::size_t n = 0; n < kBefore; ++n) propose(std::chrono::hours(2) + std::chrono::milliseconds(n));
  propose(std::chrono::hours(1));  // the clock was set back
  std::vector<std::uint64_t> wanted;
  for (std::size_t n = 0; n < proposals.size(); ++n) {
    const auto outcome = proposer_->Await(proposals[n]);
    ASSERT_TRUE(outcome.ok());
    const bool is_within = (n >= kBefore && n < kBefore + kWithin) || n + 1 == proposals.size();
    if (is_within) wanted.push_back((*outcome)->revision);
  }
  for (const bool newest_first : {false, true}) {
    HistoryQuery query;
    query.newest_first = newest_first;
    query.from = clock_.Wall() + std::chrono::minutes(50);
    query.until = clock_.Wall() + std::chrono::minutes(70);
    std::vector<std::uint64_t> found;
    int empty = 0;
    for (int calls = 0;; ++calls) {
      if (calls == 2) {
        propose(std::chrono::hours(1));
        const auto late = proposer_->Await(proposals.back());
        ASSERT_TRUE(late.ok());
        // Newest first those that come are already passed.
        if (!newest_first) wanted.push_back((*late)->revision);
      }
      const HistoryPart part = Read(query);
      ASSERT_LE(part.transitions.size(), query.limit);
      for (const auto& each : part.transitions) found.push_back(each->revision());
      empty += part.transitions.empty() ? 1 : 0;
      if (!part.stopped_at && part.transitions.size() < query.limit) break;
      query.search = part.search;
      (newest_first ? query.before : query.after) =
          part.stopped_at ? *part.stopped_at : part.transitions.back()->revision();
    }
    if (newest_first) found = {found.rbegin(), found.rend()};
    EXPECT_EQ(found, wanted) << "newest first " << newest_first;
    EXPECT_GE(empty, 2) << "calls that only searched";
    EXPECT_LE(empty, 14) << "but what lies before and after is skipped";
  }
}

TEST_F(SqlitePast, AClockSetBackHidesNothing) {
  Open();
  // Seconds at which things happened, in the order in which they did.
  std::vector<std::uint64_t> revisions;
  for (const int second : {50, 20, 40, 60, 30}) {
    const common::WallTime time = clock_.Wall() + std::chrono::seconds(second);
    const auto outcome = proposer_->Join(common::StrCat("client-", second), time);
    revisions.push_back((*outcome)->revision);
  }
  HistoryQuery query;
  query.from = clock_.Wall() + std::chrono::seconds(30);
  query.until = clock_.Wall() + std::chrono::seconds(60);
  EXPECT_EQ(Revisions(query), (std::vector<std::uint64_t>{revisions[0], revisions[2], revisions[4]}));
  query.limit = 2;
  query.newest_first = true;
  EXPECT_EQ(Revisions(query), (std::vector<std::uint64_t>{revisions[4], revisions[2]}));
}

TEST_F(SqlitePast, KeepsNoMoreRowsThanItsBound) {
  options_.max_history_rows = 10;
  Open();
  std::vector<std::uint64_t> told;
  for (int n = 0; n < 50; ++n) told.push_back(Join(common::StrCat("client-", n))->revision);
  AwaitRows(10);
  EXPECT_EQ(Revisions(), (std::vector<std::uint64_t>(told.end() - 10, told.end())));
  EXPECT_EQ(Read().compacted, told[39]) << "history up to there is no longer kept";
  Open();
  EXPECT_EQ(contents_.records.size(), 50u) << "records have no such bound";
  EXPECT_EQ(Read().compacted, told[39]);
}

TEST_F(SqlitePast, KeepsNothingOlderThanItsBound) {
  options_.max_history_age = std::chrono::hours(1);
  Open();
  const std::uint64_t old = Join("web-1")->revision;
  clock_.Advance(std::chrono::minutes(40));
  const std::uint64_t younger = Join("web-2")->revision;
  clock_.Advance(std::chrono::minutes(40));
  const std::uint64_t now = Join("web-3")->revision;
  AwaitRows(2);
  EXPECT_EQ(Revisions(), (std::vector<std::uint64_t>{younger, now}));
  EXPECT_EQ(Read().compacted, old);
}

TEST_F(SqlitePast, DropsMoreThanOneHelpingWhenThereIsNothingElseToDo) {
  options_.max_history_age = std::chrono::hours(1);
  Open();
  std::vector<std::uint64_t> proposals;
  for (int n = 0; n < 3000; ++n) {
    proposals.push_back(
        proposer_->Propose(nullptr, testing::NewSession(common::StrCat("client-", n)), clock_.Wall()));
  }
  for (const std::uint64_t proposal : proposals) ASSERT_TRUE(proposer_->Await(proposal).ok());
  clock_.Advance(std::chrono::hours(2));
  const std::uint64_t last = Join("web-1")->revision;
  AwaitRows(1);
  EXPECT_EQ(Revisions(), (std::vector<std::uint64_t>{last}));
}

TEST_F(SqlitePast, KeepsItsBoundWithoutAnyCalm) {
  options_.max_history_rows = 10;
  std::size_t most = 0;
  Open();
  core::RecordPtr record = Join("web-1");
  for (int n = 0; n < 3000; ++n) {
    record = Move(record, State::kAlive);
    if (n % 100 == 0) {
      HistoryQuery query;
      query.limit = 10'000;
      most = std::max(most, Revisions(query).size());
    }
  }
  EXPECT_LE(most, 10u + 256u);
}

TEST_F(SqlitePast, AGapGoesWithTheRowsAroundIt) {
  options_.max_history_rows = 5;
  Open();
  core::RecordPtr one = Join("web-1");
  disk_.FailFrom(1, SQLITE_FULL);
  one = Move(one, State::kSuspect);
  disk_.Heal();
  clock_.Advance(std::chrono::seconds(2));
  one = Move(one, State::kAlive);
  EXPECT_EQ(Read().gaps.size(), 1u);
  for (int n = 0; n < 10; ++n) Join(common::StrCat("client-", n));
  AwaitRows(5);
  EXPECT_THAT(Read().gaps, IsEmpty());
  EXPECT_GT(Read().compacted, one->revision);
}

TEST_F(SqlitePast, ARowThatCannotBeReadIsAnErrorAndNoCrash) {
  Open();
  Join("web-1");
  Sql("UPDATE history SET transition = x'ffff'");
  EXPECT_EQ(store_->ReadHistory({}).status().code(), absl::StatusCode::kDataLoss);
}

TEST_F(SqlitePast, TheLogIsEmptiedWhenItHasOutgrownItsBound) {
  options_.max_log_bytes = 64 << 10;
  Open();
  std::vector<std::uint64_t> proposals;
  for (int n = 0; n < 3000; ++n) {
    proposals.push_back(proposer_->Propose(nullptr, testing::NewSession(common::StrCat("client-", n))));
  }
  for (const std::uint64_t proposal : proposals) ASSERT_TRUE(proposer_->Await(proposal).ok());
  // A file that is no longer than that is written from its start again, and not cut.
  while (std::filesystem::file_size(options_.path + "-wal") > 4 * options_.max_log_bytes) {
    std::this_thread::yield();
  }
  EXPECT_NE(Join("web-1"), nullptr);
  EXPECT_TRUE(store_->health().ok());
}

}  // namespace
}  // namespace liveness::storage
