// A database that is not the one which the last process left: a backup put in its place.
#include <filesystem>

#include "tests/unit/storage/sqlite_fixture.h"

namespace liveness::storage {
namespace {

namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::HasSubstr;

using SqliteCopy = SqliteFixture;

TEST_F(SqliteCopy, ACopyInItsPlaceIsGivenAHistoryOfItsOwn) {
  Open();
  const std::string history_id = store_->history_id();
  const TokenKey key = store_->token_key();
  Join("web-1");
  // As a backup is taken while it runs.
  Sql("VACUUM INTO '" + dir_.file("backup.db") + "'");
  const std::uint64_t after_backup = Join("web-2")->revision;
  Close();
  fs::remove(options_.path);
  fs::copy(dir_.file("backup.db"), options_.path);

  clock_.Advance(std::chrono::seconds(10));
  Open();
  EXPECT_EQ(contents_.records.size(), 1u);
  EXPECT_NE(store_->history_id(), history_id);
  EXPECT_EQ(store_->token_key(), key);
  EXPECT_GT(contents_.revision, after_backup) << "beyond what the lost line had come to";
  EXPECT_THAT(log(), Contains(HasSubstr("is a copy, as after a restore")));
  ExpectOwnersAlone(options_.path);

  const std::string of_its_own = store_->history_id();
  Open();
  EXPECT_EQ(store_->history_id(), of_its_own) << "once";
}

TEST_F(SqliteCopy, ACopyWrittenOverTheFileIsKnownToo) {
  // "cp backup.db liveness.db" keeps inode and birth. Of this run, and of one before.
  for (const int stops_between : {0, 1, 3}) {
    Open();
    const std::string history_id = store_->history_id();
    Join("web-1");
    Sql("VACUUM INTO '" + dir_.file("backup.db") + "'");
    std::uint64_t last = 0;
    for (int n = 0; n <= stops_between; ++n) {
      if (n > 0) Open();
      last = Join("web-2")->revision;
    }
    Close();
    WriteAll(options_.path, ReadAll(dir_.file("backup.db")));
    fs::remove(dir_.file("backup.db"));
    clock_.Advance(std::chrono::seconds(10));
    Open();
    EXPECT_NE(store_->history_id(), history_id) << stops_between;
    EXPECT_GT(contents_.revision, last) << stops_between;
  }
}

TEST_F(SqliteCopy, ACopyOverTheFileRepeatsNoRevisionEvenIfTheClockIsWrong) {
  Open();
  Sql("VACUUM INTO '" + dir_.file("backup.db") + "'");
  std::uint64_t last = 0;
  for (int n = 0; n < 3; ++n) {
    last = Join("web-1")->revision;
    Kill();
    Open();
  }
  last = Join("web-2")->revision;
  Close();
  WriteAll(options_.path, ReadAll(dir_.file("backup.db")));
  clock_.StepWall(-std::chrono::hours(1000));
  Open();
  EXPECT_GE(contents_.revision, last);
}

TEST_F(SqliteCopy, WithoutItsNoteItCountsAsACopy) {
  Open();
  const std::string history_id = store_->history_id();
  Close();
  fs::remove(options_.path + "-mark");
  Open();
  EXPECT_NE(store_->history_id(), history_id);
}

TEST_F(SqliteCopy, ANoteOfAChangeThatNeverCameOrJustCameIsNoCopy) {
  Open();
  const std::string history_id = store_->history_id();
  Close();
  const std::string note = ReadAll(options_.path + "-mark");
  for (const std::string& left : {note + "99999999999999999\n", "1\n" + note}) {
    WriteAll(options_.path + "-mark", left);
    Open();
    EXPECT_EQ(store_->history_id(), history_id);
    Close();
    WriteAll(options_.path + "-mark", note);
    Sql("UPDATE meta SET value = " + note + " WHERE key = 'reserved_until'");
  }
}

TEST_F(SqliteCopy, AMovedFileIsTheSame) {
  Open();
  const std::string history_id = store_->history_id();
  Close();
  fs::create_directory(dir_.file("elsewhere"));
  fs::rename(options_.path, dir_.file("elsewhere/liveness.db"));
  fs::rename(options_.path + "-mark", dir_.file("elsewhere/liveness.db-mark"));
  options_.path = dir_.file("elsewhere/liveness.db");
  Open();
  EXPECT_EQ(store_->history_id(), history_id);
}

TEST_F(SqliteCopy, WithoutItsHomeItCountsAsACopy) {
  // What an operator does after putting back a snapshot of the whole disk.
  Open();
  const std::string history_id = store_->history_id();
  Close();
  Sql("DELETE FROM meta WHERE key = 'home'");
  Open();
  EXPECT_NE(store_->history_id(), history_id);
}

}  // namespace
}  // namespace liveness::storage
