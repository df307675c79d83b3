#include "server/core/detection/verdict.h"

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

TEST(Summary, WhatWasCreditedAfterACloseDoesNotDateItEarlier) {
  Evidence evidence;  // heard at 0 s, closed at 0.4 s, this server stood from 0.5 s to 2.5 s, gathered at 3 s
  evidence.silence = seconds(1);
  evidence.credited = seconds(2);
  evidence.stream_end = StreamEnd::kConnectionClosed;
  evidence.stream_ended_ago = milliseconds(2'600);
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

TEST(Summary, WhoseServerIsGoneIsToldWhichOne) {
  Evidence evidence;
  evidence.reason = "server a no longer serves it";
  EXPECT_EQ(Summary(Cause::kServerLost, evidence), "server a no longer serves it");
  EXPECT_THAT(Summary(Cause::kNotReturned, evidence),
              HasSubstr("server a no longer serves it, and it came to none"));
}

TEST(Summary, SilenceIsGivenInSeconds) {
  Evidence evidence;
  evidence.silence = milliseconds(3'012);
  EXPECT_THAT(Summary(Cause::kUnknown, evidence), HasSubstr("3.0 s"));
}

}  // namespace
}  // namespace liveness::core
