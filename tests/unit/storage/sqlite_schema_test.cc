#include "server/storage/sqlite_schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace liveness::storage {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kTwoSteps[] = {
    "CREATE TABLE things(name TEXT)",
    "ALTER TABLE things ADD COLUMN size INTEGER NOT NULL DEFAULT 7; CREATE INDEX by_size ON things(size)",
};
constexpr std::string_view kBrokenSecondStep[] = {
    "CREATE TABLE things(name TEXT)",
    "ALTER TABLE things ADD COLUMN size INTEGER; INSERT INTO nowhere VALUES(1)",
};

SqliteDatabase Memory() {
  auto database = SqliteDatabase::Open(":memory:", SqliteDatabase::Access::kReadWrite, "");
  EXPECT_TRUE(database.ok()) << database.status();
  return *std::move(database);
}

TEST(SqliteSchema, AnEmptyDatabaseGetsEveryStep) {
  SqliteDatabase database = Memory();
  const auto was = Migrate(database, kTwoSteps);
  ASSERT_TRUE(was.ok()) << was.status();
  EXPECT_EQ(*was, 0);
  EXPECT_EQ(*database.QueryInt("PRAGMA user_version"), 2);
  EXPECT_TRUE(database.Execute("INSERT INTO things(name, size) VALUES('a', 1)").ok());
}

TEST(SqliteSchema, AnOlderOneGetsTheRestAndKeepsItsRows) {
  SqliteDatabase database = Memory();
  ASSERT_TRUE(Migrate(database, Migrations(kTwoSteps).first(1)).ok());
  ASSERT_TRUE(database.Execute("INSERT INTO things(name) VALUES('a')").ok());
  const auto was = Migrate(database, kTwoSteps);
  ASSERT_TRUE(was.ok()) << was.status();
  EXPECT_EQ(*was, 1);
  EXPECT_EQ(*database.QueryInt("SELECT size FROM things WHERE name = 'a'"), 7);
  EXPECT_EQ(*Migrate(database, kTwoSteps), 2) << "and never twice";
}

TEST(SqliteSchema, AStepIsWholeOrNotAtAll) {
  SqliteDatabase database = Memory();
  ASSERT_FALSE(Migrate(database, kBrokenSecondStep).ok());
  EXPECT_EQ(*database.QueryInt("PRAGMA user_version"), 1);
  EXPECT_EQ(*database.QueryInt("SELECT count(*) FROM pragma_table_info('things')"), 1);
  EXPECT_TRUE(Migrate(database, kTwoSteps).ok()) << "and may be done by a binary that can";
}

TEST(SqliteSchema, ANewerOneIsRefusedInClearWords) {
  SqliteDatabase database = Memory();
  ASSERT_TRUE(Migrate(database, kTwoSteps).ok());
  const auto was = Migrate(database, Migrations(kTwoSteps).first(1));
  EXPECT_EQ(was.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(was.status().message()),
              HasSubstr("a newer livenessd wrote it (version 2; this one knows up to 1)"));
  EXPECT_EQ(*database.QueryInt("PRAGMA user_version"), 2);
}

TEST(SqliteSchema, SomebodyElsesDatabaseIsRefused) {
  SqliteDatabase database = Memory();
  ASSERT_TRUE(database.Execute("CREATE TABLE songs(title TEXT)").ok());
  EXPECT_EQ(Migrate(database, kTwoSteps).status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(*database.QueryInt("SELECT count(*) FROM sqlite_schema"), 1);
}

TEST(SqliteSchema, ReleasedStepsNeverChange) {
  // A file of version 1 lies in somebody's data directory: what leads to it stays as it is.
  SqliteDatabase database = Memory();
  ASSERT_TRUE(Migrate(database, SqliteMigrations().first(1)).ok());
  const auto columns = [&](const std::string& table) {
    return *database.QueryText("SELECT group_concat(name || ' ' || type, ', ') FROM pragma_table_info('" +
                               table + "')");
  };
  EXPECT_EQ(columns("clients"), "client_id TEXT, revision INTEGER, record BLOB");
  EXPECT_EQ(columns("history"), "revision INTEGER, time_ns INTEGER, client_id TEXT, transition BLOB");
  EXPECT_EQ(columns("gaps"), "after INTEGER, until INTEGER, told INTEGER");
  EXPECT_EQ(columns("meta"), "key TEXT, value ");

  ASSERT_TRUE(database.Execute("INSERT INTO history VALUES(1, 2, 'web-1', x'03')").ok());
  ASSERT_TRUE(Migrate(database, SqliteMigrations().first(2)).ok());
  EXPECT_EQ(columns("history"),
            "revision INTEGER, time_ns INTEGER, client_id TEXT, transition BLOB, voice TEXT");
  EXPECT_EQ(*database.QueryText("SELECT client_id || voice FROM history"), "web-1");
}

TEST(SqliteSchema, MetaRowsReadAsTheyWereWritten) {
  SqliteDatabase database = Memory();
  ASSERT_TRUE(Migrate(database, SqliteMigrations()).ok());
  EXPECT_EQ(*MetaInt(database, meta::kCompacted), 0);
  EXPECT_EQ(*MetaBytes(database, meta::kTokenKey), "");
  ASSERT_TRUE(SetMeta(database, meta::kCompacted, 41).ok());
  ASSERT_TRUE(SetMeta(database, meta::kCompacted, 42).ok());
  const std::string key("\0\xff'\0", 4);
  ASSERT_TRUE(SetMeta(database, meta::kTokenKey, key).ok());
  EXPECT_EQ(*MetaInt(database, meta::kCompacted), 42);
  EXPECT_EQ(*MetaBytes(database, meta::kTokenKey), key);
}

}  // namespace
}  // namespace liveness::storage
