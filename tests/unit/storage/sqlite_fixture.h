// A SQLite store in a directory of the test's own, on a disk that may fail.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "common/mutex.h"
#include "server/storage/sqlite_store.h"
#include "tests/support/manual_clock.h"
#include "tests/support/stores/faulty_disk.h"
#include "tests/support/stores/store_proposer.h"
#include "tests/support/temp_dir.h"

namespace liveness::storage {

class SqliteFixture : public ::testing::Test {
 protected:
  SqliteFixture() {
    options_.path = dir_.file("liveness.db");
    options_.vfs = disk_.vfs();
    options_.log = [this](std::string_view line) {
      common::MutexLock lock(mu_);
      log_.emplace_back(line);
    };
  }
  ~SqliteFixture() override { Close(); }

  // Opens it, loads and starts it.
  absl::Status TryOpen() {
    Close();
    auto store = SqliteStore::Open(options_, clock_);
    if (!store.ok()) return store.status();
    store_ = *std::move(store);
    contents_ = *store_->Load();
    proposer_ = std::make_unique<testing::StoreProposer>();
    proposer_->Use(*store_);
    return absl::OkStatus();
  }
  void Open() {
    const absl::Status status = TryOpen();
    ASSERT_TRUE(status.ok()) << status;
  }
  void Close() {
    if (store_ != nullptr) store_->Stop();
    store_.reset();
  }
  // Ends it as a kill would: nothing that it still does reaches the disk.
  void Kill() {
    disk_.FailFrom(1, SQLITE_IOERR);
    Close();
    disk_.Heal();
  }

  core::RecordPtr Join(const std::string& client_id) {
    const auto outcome = proposer_->Join(client_id, clock_.Wall());
    EXPECT_TRUE(outcome.ok()) << outcome.status();
    return outcome.ok() ? *outcome : nullptr;
  }
  core::RecordPtr Move(const core::RecordPtr& before, core::State state) {
    const auto outcome = proposer_->Move(before, state, clock_.Wall());
    EXPECT_TRUE(outcome.ok()) << outcome.status();
    return outcome.ok() ? *outcome : nullptr;
  }
  HistoryPart Read(const HistoryQuery& query = {}) {
    auto part = store_->ReadHistory(query);
    EXPECT_TRUE(part.ok()) << part.status();
    return part.ok() ? *std::move(part) : HistoryPart{};
  }
  std::vector<std::string> log() {
    common::MutexLock lock(mu_);
    return log_;
  }
  // In the database itself, of the store that is closed.
  void Sql(const std::string& sql) {
    auto database = SqliteDatabase::Open(options_.path, SqliteDatabase::Access::kReadWrite, "");
    ASSERT_TRUE(database.ok()) << database.status();
    const absl::Status status = database->Execute(sql);
    ASSERT_TRUE(status.ok()) << status;
  }

  static std::string ReadAll(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  static void WriteAll(const std::string& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
  }
  static void ExpectOwnersAlone(const std::string& path) {
    struct stat facts {};
    ASSERT_EQ(stat(path.c_str(), &facts), 0) << path;
    EXPECT_EQ(facts.st_mode & 0777, 0600u) << path;
  }

  testing::TempDir dir_{testing::TempDir::On::kMemory};
  testing::FaultyDisk disk_;
  testing::ManualClock clock_;
  SqliteOptions options_;
  std::unique_ptr<testing::StoreProposer> proposer_;
  std::unique_ptr<SqliteStore> store_;
  Contents contents_;

 private:
  common::Mutex mu_;
  std::vector<std::string> log_ ABSL_GUARDED_BY(mu_);
};

}  // namespace liveness::storage
