// Another program reads the database in a transaction that does not end: SQLite keeps the log for it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <memory>
#include <string>

#include "common/clock.h"
#include "common/mutex.h"
#include "common/status.h"
#include "tests/unit/storage/sqlite_fixture.h"

namespace liveness::storage {
namespace {

using core::State;
using std::chrono::milliseconds;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::size_t kPage = 4096;

// How it comes to hold one.
enum class Holds { kTransaction, kStatement, kBackup };

class OtherProgram {
 public:
  OtherProgram(const std::string& path, Holds how) {
    EXPECT_EQ(sqlite3_open_v2(path.c_str(), &database_, SQLITE_OPEN_READONLY, nullptr), SQLITE_OK);
    switch (how) {
      case Holds::kTransaction:
        EXPECT_EQ(sqlite3_exec(database_, "BEGIN; SELECT count(*) FROM clients", nullptr, nullptr, nullptr),
                  SQLITE_OK);
        break;
      case Holds::kStatement:
        EXPECT_EQ(sqlite3_prepare_v2(database_, "SELECT * FROM history", -1, &statement_, nullptr),
                  SQLITE_OK);
        EXPECT_EQ(sqlite3_step(statement_), SQLITE_ROW);
        break;
      case Holds::kBackup:
        EXPECT_EQ(sqlite3_open(":memory:", &copy_), SQLITE_OK);
        EXPECT_EQ(sqlite3_exec(database_, "BEGIN; SELECT 1 FROM meta", nullptr, nullptr, nullptr), SQLITE_OK);
        backup_ = sqlite3_backup_init(copy_, "main", database_, "main");
        EXPECT_NE(backup_, nullptr);
        EXPECT_EQ(sqlite3_backup_step(backup_, 1), SQLITE_OK);
        break;
    }
  }
  ~OtherProgram() {
    sqlite3_backup_finish(backup_);
    sqlite3_finalize(statement_);
    sqlite3_close(copy_);
    sqlite3_close(database_);
  }

 private:
  sqlite3* database_ = nullptr;
  sqlite3* copy_ = nullptr;
  sqlite3_stmt* statement_ = nullptr;
  sqlite3_backup* backup_ = nullptr;
};

class SqlitePinned : public SqliteFixture, public ::testing::WithParamInterface<Holds> {
 protected:
  SqlitePinned() {
    options_.max_log_bytes = 8 * kPage;
    options_.max_pinned_log_bytes = 2'048 * kPage;  // more than is written until a reader is told
  }
  std::uintmax_t LogBytes() const { return std::filesystem::file_size(options_.path + "-wal"); }
  // Changes of a client that exists, until `done` says so.
  template <typename Done>
  void ChangeUntil(Done done) {
    const common::MonoTime end = common::SystemClock().Mono() + std::chrono::seconds(60);
    while (!done() && common::SystemClock().Mono() < end) {
      for (int i = 0; i < changes_a_turn_ && client_ != nullptr; ++i) {
        client_ = Move(client_, client_->state == State::kAlive ? State::kSuspect : State::kAlive);
      }
      // The log is looked at by a thread of its own, whose rounds no clock of ours moves.
      common::Mutex mu;
      common::CondVar never;
      common::MutexLock lock(mu);
      never.WaitFor(mu, milliseconds(5));
      clock_.Advance(milliseconds(100));
    }
    EXPECT_TRUE(done());
  }
  int CountTold(const std::string& words) {
    const auto lines = log();
    return static_cast<int>(std::count_if(lines.begin(), lines.end(), [&](const std::string& line) {
      return line.find(words) != std::string::npos;
    }));
  }

  core::RecordPtr client_;
  int changes_a_turn_ = 10;
};

TEST_P(SqlitePinned, IsToldOnceAndBounded) {
  Open();
  client_ = Join("web-1");
  {
    const OtherProgram reader(options_.path, GetParam());
    changes_a_turn_ = 1;  // it takes a second to be sure of it
    ChangeUntil([&] { return CountTold("another program reads it") > 0; });
    EXPECT_TRUE(store_->health().ok()) << "it is no more than told yet";
    changes_a_turn_ = 10;
    EXPECT_THAT(log(), Contains(HasSubstr("fuser " + options_.path + "-wal")));
    ChangeUntil([&] { return !store_->health().ok(); });
    EXPECT_THAT(std::string(store_->health().message()), HasSubstr("another program reads the database"));
    // Who is known goes on; nobody new is let in.
    const core::RecordPtr told = Move(client_, State::kLeft);
    ASSERT_NE(told, nullptr);
    client_ = told;
    const auto refused = proposer_->Join("web-2");
    EXPECT_EQ(common::ReasonOf(refused.status()), "STORE_UNAVAILABLE");
    const std::uintmax_t full = LogBytes();
    ChangeUntil([&, rounds = 0]() mutable { return ++rounds > 10; });
    EXPECT_EQ(LogBytes(), full);
    EXPECT_LE(full, 2 * options_.max_pinned_log_bytes);
    EXPECT_EQ(CountTold("another program reads it"), 1);
  }
  ChangeUntil([&] { return store_->health().ok(); });
  EXPECT_NE(Join("web-3"), nullptr);
  ChangeUntil([&] { return CountTold("can begin anew again") > 0; });
  EXPECT_EQ(CountTold("can begin anew again"), 1);
  // And the log does: its file stops growing.
  ChangeUntil([&, rounds = 0]() mutable { return ++rounds > 20; });
  EXPECT_LE(LogBytes(), 2 * options_.max_pinned_log_bytes);
  EXPECT_EQ(CountTold("another program reads it"), 1);
}

TEST_P(SqlitePinned, AShortReaderIsNotWorthAWord) {
  Open();
  client_ = Join("web-1");
  for (int i = 0; i < 5; ++i) {
    const OtherProgram reader(options_.path, GetParam());
    client_ = Move(client_, client_->state == State::kAlive ? State::kSuspect : State::kAlive);
  }
  EXPECT_THAT(log(), Not(Contains(HasSubstr("another program"))));
  EXPECT_TRUE(store_->health().ok());
}

// So does a busy writer look like: amid a commit it reads what the last one left.
TEST_P(SqlitePinned, ReadersThatFollowOneAnotherAreNoSuchProgram) {
  options_.max_pinned_log_bytes = std::size_t{1} << 30;
  Open();
  client_ = Join("web-1");
  std::unique_ptr<OtherProgram> reader;
  std::uintmax_t longest = 0;
  ChangeUntil([&, rounds = 0]() mutable {
    // At any look at the log there is one, and what it keeps is soon the next one's.
    reader = std::make_unique<OtherProgram>(options_.path, GetParam());
    longest = std::max(longest, LogBytes());
    return ++rounds > 400;
  });
  EXPECT_GT(longest, 32 * kPage) << "so long that one who keeps it would be told";
  EXPECT_THAT(log(), Not(Contains(HasSubstr("another program"))));
  EXPECT_TRUE(store_->health().ok());
}

TEST_P(SqlitePinned, ReadersThatFollowOneAnotherAreBoundedToo) {
  Open();
  client_ = Join("web-1");
  std::unique_ptr<OtherProgram> before, reader;
  ChangeUntil([&] {
    before = std::move(reader);
    reader = std::make_unique<OtherProgram>(options_.path, GetParam());
    return !store_->health().ok();
  });
  EXPECT_LE(LogBytes(), 2 * options_.max_pinned_log_bytes);
  before.reset();
  reader.reset();
  ChangeUntil([&] { return store_->health().ok(); });
}

INSTANTIATE_TEST_SUITE_P(Readers, SqlitePinned,
                         ::testing::Values(Holds::kTransaction, Holds::kStatement, Holds::kBackup));

}  // namespace
}  // namespace liveness::storage
