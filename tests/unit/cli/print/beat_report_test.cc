#include "client/cli/print/beat_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "client/cli/process/child.h"
#include "tests/support/manual_clock.h"

namespace liveness::cli {
namespace {

using ::testing::HasSubstr;

class BeatReportTest : public ::testing::Test {
 protected:
  testing::ManualClock clock_;
  std::ostringstream out_;
  std::ostringstream err_;
};

TEST_F(BeatReportTest, ALinePerChange) {
  BeatReport report("web-1", out_, err_, false, clock_);
  EXPECT_FALSE(report.Take({.state = State::kLive, .incarnation = 7}));
  EXPECT_FALSE(
      report.Take({.state = State::kLost, .reason = "STREAM_ENDED", .message = "gone", .incarnation = 7}));
  EXPECT_EQ(out_.str(),
            "2023-11-14T22:13:20.000Z  web-1  LIVE  incarnation 7\n"
            "2023-11-14T22:13:20.000Z  web-1  LOST  incarnation 7  STREAM_ENDED: gone\n");
  EXPECT_EQ(err_.str(), "");
  EXPECT_FALSE(report.Final().has_value());
}

TEST_F(BeatReportTest, AnOwnGoodbyeIsNoRefusal) {
  BeatReport report("web-1", out_, err_, false, clock_);
  EXPECT_FALSE(report.Take({.state = State::kStopped, .reason = "SAID_GOODBYE"}));
  EXPECT_FALSE(report.Final().has_value());
}

TEST_F(BeatReportTest, ARefusalIsToldEvenWhenQuiet) {
  BeatReport report("web-1", out_, err_, true, clock_);
  EXPECT_TRUE(report.Take({.state = State::kStopped, .reason = "SUPERSEDED", .message = "newer"}));
  EXPECT_EQ(out_.str(), "");
  EXPECT_THAT(err_.str(), HasSubstr("web-1 was superseded"));
  EXPECT_EQ(report.Final(), ExitCode::kSuperseded);
}

TEST_F(BeatReportTest, EachRefusalHasItsCode) {
  EXPECT_EQ(ExitCodeOfStop("EVICTED"), ExitCode::kEvicted);
  EXPECT_EQ(ExitCodeOfStop("BAD_HELLO"), ExitCode::kUsage);
  EXPECT_EQ(ExitCodeOfStop("QUALITY_UNREACHABLE"), ExitCode::kUsage);
  EXPECT_EQ(ExitCodeOfStop("PERMISSION_DENIED"), ExitCode::kDenied);
  EXPECT_EQ(ExitCodeOfStop("SOMETHING_NEW"), ExitCode::kError);
}

TEST(ChildTest, ReportsWhatAShellWould) {
  EXPECT_EQ(ShellCode({.exit_code = 3}), 3);
  EXPECT_EQ(ShellCode({.signal = 11}), 139);
}

}  // namespace
}  // namespace liveness::cli
