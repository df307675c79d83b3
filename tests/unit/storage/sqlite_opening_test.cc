// What becomes of a data directory that is not as it was left.
#include <filesystem>

#include "common/strings.h"
#include "server/storage/sqlite_schema.h"
#include "tests/unit/storage/sqlite_fixture.h"

namespace liveness::storage {
namespace {

namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class SqliteOpening : public SqliteFixture {
 protected:
  // Files beside the database, by name.
  std::vector<std::string> SetAside() {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(dir_.path())) {
      const std::string name = entry.path().filename().string();
      if (name.find(".corrupt-") != std::string::npos) names.push_back(name);
    }
    std::sort(names.begin(), names.end());
    return names;
  }
};

TEST_F(SqliteOpening, ItsFilesAreItsOwnersAlone) {
  Open();
  Join("web-1");
  ExpectOwnersAlone(options_.path);
  ExpectOwnersAlone(options_.path + "-wal");
  ExpectOwnersAlone(options_.path + "-shm");
  ExpectOwnersAlone(options_.path + "-mark");
}

TEST_F(SqliteOpening, AFreshStoreBeginsAtTheWallClock) {
  Open();
  const auto micros =
      std::chrono::duration_cast<std::chrono::microseconds>(clock_.Wall().time_since_epoch()).count();
  EXPECT_EQ(contents_.revision, static_cast<std::uint64_t>(micros));
  EXPECT_EQ(Join("web-1")->revision, contents_.revision + 1);
}

TEST_F(SqliteOpening, AfterAnOrderlyStopRevisionsGoOnWhereTheyEnded) {
  Open();
  const std::uint64_t last = Join("web-1")->revision;
  Open();
  EXPECT_EQ(contents_.revision, last);
  EXPECT_EQ(Join("web-2")->revision, last + 1);
}

TEST_F(SqliteOpening, AfterAKillTheyGoOnAboveAllThatWereReserved) {
  Open();
  const std::uint64_t first = contents_.revision;
  const std::uint64_t last = Join("web-1")->revision;
  Kill();
  Open();
  EXPECT_EQ(contents_.revision, first + options_.revision_block);
  ASSERT_EQ(contents_.records.size(), 1u);
  // Who has seen all that is kept has missed nothing; who has seen more saw what is lost.
  HistoryQuery query;
  query.after = last;
  EXPECT_TRUE(Read(query).gaps.empty());
  query.after = last + 1;
  EXPECT_THAT(Read(query).gaps, ElementsAre(std::pair(last, contents_.revision)));
  query.after = contents_.revision;
  EXPECT_TRUE(Read(query).gaps.empty());
}

TEST_F(SqliteOpening, WhatIsNoDatabaseIsSetAsideWithALoudWord) {
  WriteAll(options_.path, std::string(20'000, 'x'));
  Open();
  EXPECT_TRUE(contents_.records.empty());
  ASSERT_EQ(SetAside(), (std::vector<std::string>{"liveness.db.corrupt-20231114T221320Z"}));
  EXPECT_EQ(ReadAll(dir_.file(SetAside()[0])), std::string(20'000, 'x'));
  EXPECT_THAT(log(), Contains(HasSubstr("IS DAMAGED")));
  EXPECT_THAT(log(), Contains(HasSubstr("corrupt-20231114T221320Z")));
  EXPECT_NE(Join("web-1"), nullptr);
}

TEST_F(SqliteOpening, ADamagedPageIsFoundAndTheStoreBeginsAnew) {
  Open();
  const std::string history_id = store_->history_id();
  for (int n = 0; n < 200; ++n) Join("client-" + std::to_string(n));
  const std::uint64_t last = proposer_->told().back().after->revision;
  Close();
  std::string bytes = ReadAll(options_.path);
  for (std::size_t at = 5 * 4096; at + 4096 <= bytes.size(); at += 4096) bytes.replace(at, 16, 16, '\xee');
  WriteAll(options_.path, bytes);
  clock_.Advance(std::chrono::seconds(1));
  Open();
  EXPECT_TRUE(contents_.records.empty());
  EXPECT_EQ(SetAside().size(), 1u);
  EXPECT_NE(store_->history_id(), history_id);
  EXPECT_GT(contents_.revision, last) << "incarnations grow even so";
}

TEST_F(SqliteOpening, ARecordThatCannotBeReadIsDamageToo) {
  Open();
  Join("web-1");
  Close();
  Sql("UPDATE clients SET record = x'ffff'");
  Open();
  EXPECT_TRUE(contents_.records.empty());
  EXPECT_EQ(SetAside().size(), 1u);
  EXPECT_THAT(log(), Contains(HasSubstr("the bytes are no record")));
}

TEST_F(SqliteOpening, LostMetaIsDamageToo) {
  Open();
  Join("web-1");
  Close();
  Sql("DELETE FROM meta WHERE key = 'token_key'");
  Open();
  EXPECT_EQ(SetAside().size(), 1u);
}

TEST_F(SqliteOpening, ALogWithoutItsDatabaseIsKept) {
  Open();
  Join("web-1");
  fs::copy(options_.path + "-wal", dir_.file("log"));
  Close();
  fs::remove(options_.path);
  fs::rename(dir_.file("log"), options_.path + "-wal");
  Open();
  EXPECT_EQ(SetAside(), (std::vector<std::string>{"liveness.db.corrupt-20231114T221320Z-wal"}));
}

TEST_F(SqliteOpening, SetAsideTwiceWithinASecondKeepsBoth) {
  WriteAll(options_.path, std::string(5'000, 'x'));
  Open();
  Close();
  WriteAll(options_.path, std::string(5'000, 'y'));
  Open();
  EXPECT_EQ(SetAside(), (std::vector<std::string>{"liveness.db.corrupt-20231114T221320Z",
                                                  "liveness.db.corrupt-20231114T221320Z-2"}));
}

TEST_F(SqliteOpening, ANewerSchemaIsRefusedAndLeftAlone) {
  Open();
  Join("web-1");
  Close();
  Sql("PRAGMA user_version = 99");
  const absl::Status status = TryOpen();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("a newer livenessd wrote it"));
  EXPECT_THAT(std::string(status.message()), HasSubstr(options_.path));
  EXPECT_TRUE(SetAside().empty());
  Sql(common::StrCat("PRAGMA user_version = ", SqliteMigrations().size()));
  Open();
  EXPECT_EQ(contents_.records.size(), 1u);
}

TEST_F(SqliteOpening, ALockedDatabaseIsRefusedAndLeftAlone) {
  Open();
  Close();
  auto other = SqliteDatabase::Open(options_.path, SqliteDatabase::Access::kReadWrite, "");
  ASSERT_TRUE(other.ok());
  ASSERT_TRUE(other->Execute("BEGIN IMMEDIATE").ok());
  const absl::Status status = TryOpen();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("another process uses it"));
  EXPECT_TRUE(SetAside().empty());
  ASSERT_TRUE(other->Execute("ROLLBACK").ok());
  Open();
}

TEST_F(SqliteOpening, AFullOrBrokenDiskIsNoDamage) {
  Open();
  Join("web-1");
  Close();
  disk_.FailFrom(1, SQLITE_FULL);
  EXPECT_EQ(TryOpen().code(), absl::StatusCode::kResourceExhausted);
  disk_.FailFrom(1, SQLITE_IOERR_WRITE);
  EXPECT_EQ(TryOpen().code(), absl::StatusCode::kUnavailable);
  disk_.Heal();
  EXPECT_TRUE(SetAside().empty());
  Open();
  EXPECT_EQ(contents_.records.size(), 1u);
}

TEST_F(SqliteOpening, AKillDuringTheFirstStartLeavesNothingHalf) {
  // The calls that a first start makes, each of them the last.
  const std::uint64_t before = disk_.calls();
  Open();
  const std::uint64_t all = disk_.calls() - before;
  ASSERT_GT(all, 10u);
  for (std::uint64_t n = 1; n <= all; ++n) {
    Close();
    for (const char* suffix : {"", "-wal", "-shm", "-journal"}) fs::remove(options_.path + suffix);
    disk_.TearAt(n);
    (void)TryOpen();
    Close();
    disk_.Heal();
    Open();
    ASSERT_TRUE(SetAside().empty()) << "call " << n << ": " << ::testing::PrintToString(log());
    ASSERT_NE(Join("web-1"), nullptr) << "call " << n;
  }
}

}  // namespace
}  // namespace liveness::storage
