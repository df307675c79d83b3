// DESIGN section 5, invariant 5: what is told and what is refused while the disk fails.
#include <thread>

#include "common/status.h"
#include "common/strings.h"
#include "tests/support/registry/same_record.h"
#include "tests/unit/storage/sqlite_fixture.h"

namespace liveness::storage {
namespace {

using core::State;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::NewSession;

class SqliteOutage : public SqliteFixture {
 protected:
  // Nobody but the writer touches the disk.
  SqliteOutage() { options_.fsync_always = true; }
  std::map<std::string, core::RecordPtr> Loaded() const {
    std::map<std::string, core::RecordPtr> records;
    for (const core::RecordPtr& record : contents_.records)
      records[std::string(record->client_id())] = record;
    return records;
  }
  void ExpectRefused(const std::string& client_id) {
    const auto outcome = proposer_->Join(client_id);
    ASSERT_EQ(outcome.status().code(), absl::StatusCode::kUnavailable);
    EXPECT_EQ(common::ReasonOf(outcome.status()), "STORE_UNAVAILABLE");
  }
  // The next try is due.
  void Later() { clock_.Advance(std::chrono::seconds(2)); }
};

TEST_F(SqliteOutage, SessionsGoOnNobodyNewIsLetInAndItIsSaid) {
  Open();
  const core::RecordPtr joined = Join("web-1");
  EXPECT_TRUE(store_->health().ok());
  disk_.FailFrom(1, SQLITE_FULL);

  const core::RecordPtr suspect = Move(joined, State::kSuspect);
  ASSERT_NE(suspect, nullptr);
  EXPECT_GT(suspect->revision, joined->revision);
  EXPECT_EQ(suspect->incarnation, joined->incarnation);
  ExpectRefused("web-2");
  // A new session of a known client is new too.
  EXPECT_FALSE(proposer_->Change(suspect, NewSession("web-1")).ok());

  const absl::Status health = store_->health();
  EXPECT_EQ(health.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(health.message()), HasSubstr(options_.path));
  EXPECT_THAT(std::string(health.message()), HasSubstr("database or disk is full"));
  EXPECT_THAT(log(), Contains(HasSubstr("nobody new is registered")));
  EXPECT_EQ(proposer_->disorder(), "");
}

TEST_F(SqliteOutage, WhatIsToldMeanwhileIsAGapAtOnce) {
  Open();
  const core::RecordPtr joined = Join("web-1");
  disk_.FailFrom(1, SQLITE_FULL);
  core::RecordPtr moved = Move(joined, State::kSuspect);
  // What failed took a revision with it, which nobody was told.
  const std::uint64_t before = moved->revision - 1;
  EXPECT_THAT(Read().gaps, ElementsAre(std::pair(before, moved->revision)))
      << "whoever's memory has dropped it must know";
  moved = Move(moved, State::kAlive);
  EXPECT_THAT(Read().gaps, ElementsAre(std::pair(before, moved->revision)));
  HistoryQuery query;
  query.after = moved->revision;
  EXPECT_THAT(Read(query).gaps, IsEmpty());
  query = {};
  query.before = joined->revision;
  EXPECT_THAT(Read(query).gaps, IsEmpty());
  disk_.Heal();
  Later();
  const core::RecordPtr last = Move(moved, State::kSuspect);
  EXPECT_THAT(Read().gaps, ElementsAre(std::pair(before, moved->revision))) << "once";
  query = {};
  query.after = moved->revision;
  EXPECT_THAT(Read(query).gaps, IsEmpty());
  EXPECT_EQ(Read(query).transitions.size(), 1u);
}

TEST_F(SqliteOutage, WhenTheDiskIsBackAllIsWrittenAndHistoryHasAGap) {
  Open();
  core::RecordPtr one = Join("web-1");
  const core::RecordPtr two = Join("web-2");
  disk_.FailFrom(1, SQLITE_FULL);
  one = Move(one, State::kSuspect);
  one = Move(one, State::kAlive);
  core::RecordPtr last = Move(one, State::kSuspect);
  disk_.Heal();
  Later();
  const core::RecordPtr three = Join("web-3");
  ASSERT_NE(three, nullptr);
  EXPECT_TRUE(store_->health().ok()) << store_->health();
  EXPECT_THAT(log(), Contains(HasSubstr("it is written again, with the 1 records")));

  const HistoryPart part = Read();
  ASSERT_EQ(part.transitions.size(), 3u) << "two joined before, one after";
  EXPECT_EQ(part.transitions[2]->revision(), three->revision);
  ASSERT_EQ(part.gaps.size(), 1u);
  EXPECT_GE(part.gaps[0].first, two->revision);
  EXPECT_LT(part.gaps[0].first, last->revision);
  EXPECT_EQ(part.gaps[0].second, last->revision);
  HistoryQuery query;
  query.after = last->revision;
  EXPECT_THAT(Read(query).gaps, IsEmpty()) << "who has seen all of it";

  Open();
  EXPECT_EQ(testing::Difference(*Loaded().at("web-1"), *last), "");
  EXPECT_TRUE(Loaded().contains("web-2"));
  EXPECT_TRUE(Loaded().contains("web-3"));
  EXPECT_EQ(Read().gaps.size(), 1u) << "it stays a gap";
}

// What it left may be every client's record: those who go on wait for a part of it.
TEST_F(SqliteOutage, WhatItLeftIsWrittenInParts) {
  constexpr std::size_t kMany = 10'000;
  Open();
  std::vector<std::uint64_t> proposals;
  for (std::size_t n = 0; n < kMany; ++n) {
    proposals.push_back(proposer_->Propose(nullptr, testing::NewSession("c" + std::to_string(n))));
  }
  std::vector<core::RecordPtr> records;
  for (const std::uint64_t proposal : proposals) records.push_back(*proposer_->Await(proposal));
  disk_.FailFrom(1, SQLITE_FULL);
  proposals.clear();
  for (const core::RecordPtr& record : records) {
    core::ClientRecord after = *record;
    after.state = State::kSuspect;
    proposals.push_back(proposer_->Propose(record, std::move(after)));
  }
  std::uint64_t last = 0;
  for (const std::uint64_t proposal : proposals) last = (*proposer_->Await(proposal))->revision;
  // The disk is back for long enough to take some: a part that finds nobody waiting, and one more before a
  // change that has come meanwhile is told.
  disk_.Hang();
  Later();
  disk_.AwaitHanging();
  proposer_->on_told = [this] { disk_.FailFrom(1, SQLITE_FULL); };
  core::ClientRecord alive = **proposer_->Await(proposals[0]);
  alive.state = State::kAlive;
  const std::uint64_t proposal = proposer_->Propose(*proposer_->Await(proposals[0]), alive);
  disk_.Heal();
  last = (*proposer_->Await(proposal))->revision;
  auto reader = SqliteDatabase::Open(options_.path, SqliteDatabase::Access::kReadOnly, "");
  ASSERT_TRUE(reader.ok());
  const auto written = reader->QueryInt(
      common::StrCat("SELECT count(*) FROM clients WHERE revision > ", records.back()->revision));
  EXPECT_EQ(written.value_or(0), 2 * 4'096) << "told while the rest waits";
  EXPECT_FALSE(store_->health().ok()) << "until all of it is written";
  EXPECT_EQ(Read().gaps.size(), 1u);
  // A process that is killed now has lost the rest, and says so to who has seen it.
  Kill();
  Open();
  EXPECT_GE(contents_.revision, last);
  HistoryQuery query;
  query.after = last;
  EXPECT_EQ(Read(query).gaps.size(), 1u);
  EXPECT_EQ(contents_.records.size(), kMany);
}

TEST_F(SqliteOutage, ItIsTriedAgainOnlyWhenItIsTime) {
  Open();
  core::RecordPtr one = Join("web-1");
  disk_.FailFrom(1, SQLITE_IOERR_WRITE);
  one = Move(one, State::kSuspect);
  disk_.Heal();
  one = Move(one, State::kAlive);
  EXPECT_FALSE(store_->health().ok()) << "a disk in trouble is not asked for every change";
  Later();
  Move(one, State::kSuspect);
  EXPECT_TRUE(store_->health().ok());
}

TEST_F(SqliteOutage, TheForgottenAreGoneAfterwards) {
  Open();
  const core::RecordPtr one = Join("web-1");
  Join("web-2");
  disk_.FailFrom(1, SQLITE_FULL);
  ASSERT_NE(Move(one, State::kForgotten), nullptr);
  disk_.Heal();
  Later();
  Join("web-3");
  Open();
  EXPECT_FALSE(Loaded().contains("web-1"));
  EXPECT_EQ(Loaded().size(), 2u);
}

TEST_F(SqliteOutage, StopWritesWhatWaits) {
  Open();
  core::RecordPtr one = Join("web-1");
  disk_.FailFrom(1, SQLITE_FULL);
  one = Move(one, State::kSuspect);
  disk_.Heal();
  Open();
  EXPECT_EQ(Loaded().at("web-1")->state, State::kSuspect);
  EXPECT_EQ(Read().gaps.size(), 1u);
}

TEST_F(SqliteOutage, AKillMeanwhileLosesWhatWasNotWrittenAndNoRevisionTwice) {
  Open();
  const core::RecordPtr one = Join("web-1");
  disk_.FailFrom(1, SQLITE_FULL);
  const core::RecordPtr suspect = Move(one, State::kSuspect);
  Kill();
  Open();
  EXPECT_EQ(Loaded().at("web-1")->state, State::kAlive);
  EXPECT_GE(contents_.revision, suspect->revision);
  // Who has seen what was lost is told so.
  HistoryQuery query;
  query.after = suspect->revision;
  EXPECT_EQ(Read(query).gaps.size(), 1u);
  EXPECT_GT(Move(Loaded().at("web-1"), State::kSuspect)->revision, suspect->revision);
}

TEST_F(SqliteOutage, WithoutReservedRevisionsChangesWait) {
  options_.revision_block = 8;
  Open();
  std::vector<core::RecordPtr> records;
  for (int n = 0; n < 20; ++n) records.push_back(Join("client-" + std::to_string(n)));
  disk_.FailFrom(1, SQLITE_FULL);
  std::vector<std::uint64_t> proposals;
  for (const core::RecordPtr& record : records) {
    core::ClientRecord after = *record;
    after.state = State::kSuspect;
    proposals.push_back(proposer_->Propose(record, after));
  }
  ExpectRefused("new");  // answered after all before it were looked at
  std::size_t told = 0;
  while (told < proposals.size() && proposer_->Known(proposals[told])) ++told;
  EXPECT_GT(told, 0u);
  EXPECT_LT(told, proposals.size()) << "no more revisions than were reserved";
  for (std::size_t n = told; n < proposals.size(); ++n) EXPECT_FALSE(proposer_->Known(proposals[n]));

  disk_.Heal();
  Later();
  Join("new");
  for (const std::uint64_t proposal : proposals) EXPECT_TRUE(proposer_->Await(proposal).ok());
  EXPECT_EQ(proposer_->disorder(), "");
  Open();
  ASSERT_EQ(Loaded().size(), 21u);
  for (int n = 0; n < 20; ++n) {
    EXPECT_EQ(Loaded().at("client-" + std::to_string(n))->state, State::kSuspect) << n;
  }
}

TEST_F(SqliteOutage, ADiskThatHangsIsTold) {
  Open();
  const core::RecordPtr one = Join("web-1");
  disk_.Hang();
  core::ClientRecord after = *one;
  after.state = State::kSuspect;
  const std::uint64_t proposal = proposer_->Propose(one, after);
  disk_.AwaitHanging();
  EXPECT_TRUE(store_->health().ok()) << "not for a moment";
  Later();
  EXPECT_THAT(std::string(store_->health().message()), HasSubstr("the disk has not answered for 2 s"));
  EXPECT_EQ(Read().transitions.size(), 1u) << "who reads does not wait for it";
  EXPECT_FALSE(proposer_->Known(proposal));
  disk_.Heal();
  EXPECT_TRUE(proposer_->Await(proposal).ok());
  Join("web-2");
  EXPECT_TRUE(store_->health().ok());
}

TEST_F(SqliteOutage, AnotherProcessThatHoldsTheDatabaseIsAnOutageToo) {
  Open();
  core::RecordPtr one = Join("web-1");
  auto other = SqliteDatabase::Open(options_.path, SqliteDatabase::Access::kReadWrite, "");
  ASSERT_TRUE(other.ok());
  ASSERT_TRUE(other->Execute("BEGIN IMMEDIATE").ok());
  one = Move(one, State::kSuspect);
  ASSERT_NE(one, nullptr);
  EXPECT_THAT(std::string(store_->health().message()), HasSubstr("database is locked"));
  ASSERT_TRUE(other->Execute("ROLLBACK").ok());
  Later();
  EXPECT_NE(Join("web-2"), nullptr);
  EXPECT_TRUE(store_->health().ok());
}

TEST_F(SqliteOutage, SyncsThatFailAreToldUntilTheLogIsWrittenAnew) {
  options_.fsync_always = false;
  Open();
  Join("web-1");  // the first commit of a log syncs its head
  disk_.FailSyncs();
  EXPECT_NE(Join("web-2"), nullptr) << "a commit does not wait for the disk";
  while (log().empty()) std::this_thread::yield();
  EXPECT_THAT(log(), Contains(HasSubstr("may not survive a power loss")));
  EXPECT_THAT(std::string(store_->health().message()), HasSubstr("may not survive a power loss"));
  disk_.Heal();
  while (!store_->health().ok()) std::this_thread::yield();
  // Written anew means: moved into the database itself.
  auto other =
      SqliteDatabase::Open("file:" + options_.path + "?immutable=1", SqliteDatabase::Access::kReadOnly, "");
  ASSERT_TRUE(other.ok());
  EXPECT_EQ(*other->QueryInt("SELECT count(*) FROM clients"), 2);
}

TEST_F(SqliteOutage, WithFsyncAlwaysASyncThatFailsIsAnOutage) {
  Open();
  core::RecordPtr one = Join("web-1");
  disk_.FailSyncs();
  ExpectRefused("web-2");
  one = Move(one, State::kSuspect);
  EXPECT_NE(one, nullptr);
  EXPECT_FALSE(store_->health().ok());
  disk_.Heal();
  Later();
  EXPECT_NE(Join("web-2"), nullptr);
  EXPECT_TRUE(store_->health().ok());
}

}  // namespace
}  // namespace liveness::storage
