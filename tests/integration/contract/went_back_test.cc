// The files of a server go back in time, by docs/storage.md or behind its back: no incarnation is given out
// that anybody could have seen, and no token of before resumes what may have been superseded since.
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "server/storage/sqlite_database.h"
#include "tests/integration/contract/contract_fixture.h"
#include "tests/support/temp_dir.h"

namespace liveness::testing {
namespace {

namespace fs = std::filesystem;
using storage::SqliteDatabase;

class WentBackTest : public ContractTest {
 protected:
  void Start() {
    server_ = ServerProcess::Start({"--data-dir=" + dir_.file("data")});
    ASSERT_NE(server_, nullptr);
    channel_ = NewChannel(server_->address());
    registry_ = v1::RegistryService::NewStub(channel_);
  }
  void Stop(bool kill) {
    registry_.reset();
    channel_.reset();
    if (kill) {
      server_->Signal(SIGKILL);
      (void)server_->WaitForExit(seconds(30));
    } else {
      EXPECT_EQ(server_->Stop(), 0) << server_->StandardError();
    }
  }
  void TearDown() override { Stop(false); }

  // One stream, which is closed when the welcome is there.
  std::optional<v1::Welcome> Join(const std::string& id, const std::string& instance,
                                  const std::string& token = {}) {
    HeartbeatStream stream(channel_);
    return stream.Join(Hello(id, instance, token));
  }
  std::string RefusedFor(const std::string& id, const std::string& instance, const std::string& token) {
    HeartbeatStream stream(channel_);
    stream.Send(Hello(id, instance, token));
    const auto status = stream.End();
    return status ? DetailsOf(*status).reason : "";
  }
  static v1::HeartbeatRequest Hello(const std::string& id, const std::string& instance,
                                    const std::string& token) {
    // Nobody dies while a slow machine restarts the server.
    auto hello = HeartbeatStream::Hello(id, instance, milliseconds(1000), milliseconds(60'000));
    hello.mutable_hello()->set_resume_token(token);
    return hello;
  }
  std::string db(const std::string& suffix = "") const { return dir_.file("data/liveness.db") + suffix; }
  void Backup() {
    auto database = SqliteDatabase::Open(db(), SqliteDatabase::Access::kReadWrite, "");
    ASSERT_TRUE(database.ok()) << database.status();
    const auto status = database->Execute("VACUUM INTO '" + dir_.file("backup.db") + "'");
    ASSERT_TRUE(status.ok()) << status;
  }
  // With their content alone: the files themselves stay, as they do when a disk goes back.
  static void CopyContent(const std::string& from, const std::string& to) {
    std::ifstream in(from, std::ios::binary);
    std::ofstream(to, std::ios::binary | std::ios::trunc) << in.rdbuf();
  }

  TempDir dir_;
};

TEST_F(WentBackTest, ARestoredBackupGivesOutNoTokenAgain) {
  Start();
  const auto first = Join("web-1", "i1");
  const auto other = Join("web-2", "i1");
  ASSERT_TRUE(first && other);
  Backup();
  const auto second = Join("web-1", "i2");  // in the future that will be lost
  ASSERT_TRUE(second);
  EXPECT_EQ(RefusedFor("web-1", "i1", first->resume_token()), "SUPERSEDED");
  Stop(false);

  // docs/storage.md, Restoring.
  fs::create_directory(dir_.file("data/replaced"));
  for (const char* suffix : {"", "-wal", "-shm", "-mark"}) {
    std::error_code missing;
    fs::rename(db(suffix), dir_.file("data/replaced/liveness.db") + suffix, missing);
  }
  fs::copy(dir_.file("backup.db"), db());
  Start();
  EXPECT_GT(Get("web-1").incarnation(), second->incarnation()) << "for whoever has seen the second";
  const auto again = Join("web-1", "i1", first->resume_token());
  ASSERT_TRUE(again);
  EXPECT_GT(again->incarnation(), second->incarnation());
  const auto last = Join("web-1", "i2", second->resume_token());
  ASSERT_TRUE(last);
  EXPECT_GT(last->incarnation(), again->incarnation());
  const auto same = Join("web-2", "i1", other->resume_token());
  ASSERT_TRUE(same);
  EXPECT_GT(same->incarnation(), second->incarnation()) << "a token of the past is none either";
  // And from here on all is as ever.
  const auto resumed = Join("web-2", "i1", same->resume_token());
  ASSERT_TRUE(resumed);
  EXPECT_EQ(resumed->incarnation(), same->incarnation());
}

TEST_F(WentBackTest, ADiskThatWentBackWithAllFilesIsFoundOutByATokenAndRepeatsNothing) {
  Start();
  const auto first = Join("web-1", "i1");
  const auto other = Join("web-2", "i1");
  ASSERT_TRUE(first && other);
  for (const char* suffix : {"", "-wal", "-mark"}) {
    CopyContent(db(suffix), dir_.file("snapshot") + suffix);
  }
  const auto second = Join("web-1", "i2");
  const auto unknown = Join("web-3", "i1");
  ASSERT_TRUE(second && unknown);
  Stop(true);
  fs::remove(db("-shm"));
  for (const char* suffix : {"", "-wal", "-mark"}) {
    CopyContent(dir_.file("snapshot") + suffix, db(suffix));
  }
  Start();
  const auto begun = Join("web-4", "i1");
  ASSERT_TRUE(begun);
  EXPECT_GT(begun->incarnation(), unknown->incarnation()) << "given out twice";
  const auto third = Join("web-3", "i1", unknown->resume_token());
  ASSERT_TRUE(third);
  EXPECT_GT(third->incarnation(), unknown->incarnation());
  EXPECT_TRUE(Eventually([&] {
    return server_->StandardError().find("of which the store knows nothing") != std::string::npos;
  })) << server_->StandardError();
  // From then on the sessions of before are not resumed: the one of "web-1" was superseded in between.
  const auto again = Join("web-1", "i1", first->resume_token());
  ASSERT_TRUE(again);
  EXPECT_GT(again->incarnation(), second->incarnation());
  const auto same = Join("web-2", "i1", other->resume_token());
  ASSERT_TRUE(same);
  EXPECT_GT(same->incarnation(), unknown->incarnation());
}

TEST_F(WentBackTest, AKillIsNoWayBack) {
  Start();
  const auto first = Join("web-1", "i1");
  ASSERT_TRUE(first);
  Stop(true);
  Start();
  const auto same = Join("web-1", "i1", first->resume_token());
  ASSERT_TRUE(same);
  EXPECT_EQ(same->incarnation(), first->incarnation());
}

TEST_F(WentBackTest, WhatLiesInTheDirectoryIsItsOwnersAlone) {
  const mode_t before = umask(0);
  Start();
  umask(before);
  for (const auto& entry : fs::directory_iterator(dir_.file("data"))) {
    EXPECT_EQ(entry.status().permissions() & fs::perms::all, fs::perms::owner_read | fs::perms::owner_write)
        << entry.path();
  }
  EXPECT_TRUE(fs::exists(dir_.file("data/lock")));
  EXPECT_TRUE(fs::exists(db("-mark")));
}

}  // namespace
}  // namespace liveness::testing
