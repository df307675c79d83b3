// The file of the audit log: its mode, its rotation, and who would fill it.
#include <csignal>
#include <filesystem>

#include "tests/attack/audit_attack.h"

namespace liveness::testing {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

class AuditFileAttack : public AuditAttack {
 protected:
  void SetUp() override {}
  const std::string path_ = dir_.file("audit.jsonl");
};

TEST_F(AuditFileAttack, IsItsOwnersAloneAndOutlivesARotation) {
  StartWith({"--audit-file=" + path_});
  EXPECT_FALSE(Evict("before", TokenOf("ops")).ok());
  EXPECT_TRUE(Within(Millis(5'000), [&] { return LinesOf(path_).size() == 1; }));
  EXPECT_EQ(ModeOf(path_), 0600U);
  EXPECT_THAT(LinesOf(path_)[0], AllOf(HasSubstr("\"principal\":\"token:ops\""),
                                       HasSubstr("\"target\":\"before\""), HasSubstr("CLIENT_NOT_FOUND")));

  std::filesystem::rename(path_, path_ + ".1");
  server_->Signal(SIGHUP);
  EXPECT_TRUE(Within(Millis(5'000), [&] { return std::filesystem::exists(path_); }));
  EXPECT_FALSE(Evict("after", TokenOf("ops")).ok());
  EXPECT_TRUE(Within(Millis(5'000), [&] {
    const auto lines = LinesOf(path_);
    return !lines.empty() && lines.back().find("\"target\":\"after\"") != std::string::npos;
  }));
  EXPECT_EQ(ModeOf(path_), 0600U);
  for (const std::string& line : LinesOf(path_ + ".1")) EXPECT_THAT(line, Not(HasSubstr("after")));
}

TEST_F(AuditFileAttack, NoStrangerFillsIt) {
  StartWith({"--audit-file=" + path_});
  v1::RegistryService::Stub stub(Channel());
  for (int i = 0; i < 2'000; ++i) {
    EXPECT_EQ(HelloAs(Channel(), "flood-" + std::to_string(i)), "NOT_AUTHENTICATED");
  }
  EXPECT_FALSE(Evict("nobody", TokenOf("ops")).ok());
  EXPECT_TRUE(Within(Millis(5'000), [&] {
    const auto lines = LinesOf(path_);
    return !lines.empty() && lines.back().find("\"target\":\"nobody\"") != std::string::npos;
  }));
  EXPECT_LT(LinesOf(path_).size(), 500U);
  EXPECT_THAT(LinesOf(path_), Contains(HasSubstr("LINES_LEFT_OUT")));
}

TEST_F(AuditFileAttack, AFullDiskStopsNothing) {
  std::filesystem::create_symlink("/dev/full", path_);
  StartWith({"--audit-file=" + path_});
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(Evict("nobody", TokenOf("ops")).ok());
  EXPECT_THAT(Events("target = nobody"), SizeIs(10));
  EXPECT_TRUE(Within(Millis(5'000), [&] {
    return server_->StandardError().find("No space left on device") != std::string::npos;
  }));
  EXPECT_THAT(Fetch("/metrics", TokenOf("ops")).body,
              HasSubstr("liveness_audit_lines_lost_total{reason=\"disk\"} 10\n"));
}

}  // namespace
}  // namespace liveness::testing
