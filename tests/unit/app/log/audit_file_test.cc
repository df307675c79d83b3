// The audit log's file: its mode, rotation, and disks that do not take it.
#include "server/app/log/audit_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "common/clock.h"
#include "tests/support/temp_dir.h"

namespace liveness::app {
namespace {

using liveness::testing::TempDir;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::SizeIs;

std::vector<std::string> LinesOf(const std::string& path) {
  std::vector<std::string> lines;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

auth::AuditEventPtr Event(const std::string& target = "web-1") {
  return std::make_shared<const auth::AuditEvent>(auth::AuditEvent{.number = 7,
                                                                   .principal = "token:ops",
                                                                   .address = "10.0.0.1",
                                                                   .action = "evict",
                                                                   .target = target,
                                                                   .outcome = auth::AuditOutcome::kAllowed,
                                                                   .message = "evicted",
                                                                   .revision = 42});
}

class AuditFileTest : public ::testing::Test {
 protected:
  std::unique_ptr<AuditFile> Open(const std::string& path) {
    auto opened = AuditFile::Open(path, "server-1", common::SystemClock());
    EXPECT_TRUE(opened.ok()) << opened.status();
    return opened.ok() ? *std::move(opened) : nullptr;
  }

  const TempDir dir_;
  const std::string path_ = dir_.file("audit.jsonl");
};

TEST_F(AuditFileTest, HasALineOfJsonForEachEvent) {
  auto file = Open(path_);
  file->Write(Event(), 0);
  file->Write(Event("<b>\n\x01"), 0);
  file.reset();
  const auto lines = LinesOf(path_);
  ASSERT_THAT(lines, SizeIs(2));
  EXPECT_THAT(lines[0], AllOf(HasSubstr("\"principal\":\"token:ops\""), HasSubstr("\"target\":\"web-1\""),
                              HasSubstr("\"outcome\":\"AUDIT_OUTCOME_ALLOWED\""),
                              HasSubstr("\"revision\":\"42\""), HasSubstr("\"server_id\":\"server-1\"")));
  EXPECT_THAT(lines[1], HasSubstr("\\n")) << "a target with a line break makes no line of its own";
}

TEST_F(AuditFileTest, IsItsOwnersAlone) {
  const mode_t before = umask(0);
  Open(path_);
  umask(before);
  struct stat found {};
  ASSERT_EQ(stat(path_.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0600U);
}

TEST_F(AuditFileTest, IsAppendedTo) {
  for (int i = 0; i < 2; ++i) Open(path_)->Write(Event(), 0);
  EXPECT_THAT(LinesOf(path_), SizeIs(2));
}

TEST_F(AuditFileTest, IsOpenedAnewOnceItWasMovedAway) {
  auto file = Open(path_);
  file->Write(Event("before"), 0);
  while (file->figures().written == 0) std::this_thread::yield();
  std::filesystem::rename(path_, path_ + ".1");
  file->Reopen();
  file->Write(Event("after"), 0);
  file.reset();
  EXPECT_THAT(LinesOf(path_ + ".1"), SizeIs(1));
  const auto lines = LinesOf(path_);
  ASSERT_THAT(lines, SizeIs(1));
  EXPECT_THAT(lines[0], HasSubstr("after"));
}

TEST_F(AuditFileTest, ComesBackIfItWasDeleted) {
  auto file = Open(path_);
  std::filesystem::remove(path_);
  file->Write(Event(), 0);
  file.reset();
  EXPECT_THAT(LinesOf(path_), SizeIs(1));
}

TEST_F(AuditFileTest, WhatCameTooFastIsTold) {
  auto file = Open(path_);
  file->Write(Event(), 940);
  file.reset();
  const auto lines = LinesOf(path_);
  ASSERT_THAT(lines, SizeIs(2));
  EXPECT_THAT(lines[0], AllOf(HasSubstr("LINES_LEFT_OUT"), HasSubstr("\"count\":\"940\"")));
}

TEST_F(AuditFileTest, AFullDiskCostsLinesAndNothingElse) {
  const std::string link = dir_.file("link");
  std::filesystem::create_symlink("/dev/full", link);
  auto file = Open(link);
  for (int i = 0; i < 5; ++i) file->Write(Event(), 0);
  while (file->figures().lost < 5) std::this_thread::yield();
  // There is room again.
  std::filesystem::remove(link);
  file->Reopen();
  file->Write(Event("later"), 0);
  file.reset();
  const auto lines = LinesOf(link);
  ASSERT_THAT(lines, SizeIs(2));
  EXPECT_THAT(lines[0], AllOf(HasSubstr("LINES_LEFT_OUT"), HasSubstr("\"count\":\"5\"")));
  EXPECT_THAT(lines[1], HasSubstr("later"));
}

TEST_F(AuditFileTest, APathThatCannotBeIsRefused) {
  const auto opened = AuditFile::Open(dir_.file("no/such/dir"), "server-1", common::SystemClock());
  ASSERT_FALSE(opened.ok());
  EXPECT_THAT(std::string(opened.status().message()),
              AllOf(HasSubstr("--audit-file"), HasSubstr("No such file")));
}

}  // namespace
}  // namespace liveness::app
