#include "server/core/record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace liveness::core {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

TEST(Summary, ACloseIsDatedFromTheCloseHoweverLateItIsTold) {
  Evidence evidence;
  evidence.silence = milliseconds(1'400);
  evidence.stream_end = StreamEnd::kConnectionClosed;
  evidence.stream_ended_ago = seconds(1);
  EXPECT_THAT(Summary(Cause::kProcessExited, evidence), HasSubstr("0.4 s after it was last heard"));
}

TEST(Summary, SaysWhatTheClientReported) {
  Evidence evidence;
  evidence.signal = 11;
  EXPECT_THAT(Summary(Cause::kProcessExited, evidence), HasSubstr("signal 11"));
  evidence.signal.reset();
  evidence.exit_code = 3;
  evidence.reason = "no disk";
  EXPECT_THAT(Summary(Cause::kProcessExited, evidence), HasSubstr("exit code 3: \"no disk\""));
}

TEST(Summary, SilenceIsGivenInSeconds) {
  Evidence evidence;
  evidence.silence = milliseconds(3'012);
  EXPECT_THAT(Summary(Cause::kUnknown, evidence), HasSubstr("3.0 s"));
}

}  // namespace
}  // namespace liveness::core
