// What counts as a symptom, and what people are told of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/core/detection/verdict.h"

namespace liveness::core {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr Duration kNone = Duration::zero();

Keepalive Of(Duration http2_time, Duration http2_timeout, bool tcp, Duration user_timeout) {
  Keepalive keepalive;
  keepalive.http2_time = http2_time;
  keepalive.http2_timeout = http2_timeout;
  keepalive.tcp.enabled = tcp;
  keepalive.tcp.user_timeout = std::chrono::duration_cast<milliseconds>(user_timeout);
  return keepalive;
}
Keepalive Strict() { return Of(seconds(6), seconds(3), true, seconds(9)); }

// The kernel's figures say nothing of it yet.
Evidence Silent(Duration silence) {
  Evidence evidence;
  evidence.silence = silence;
  evidence.link = LinkEvidence{};
  evidence.link->tcp.absence = TcpAbsence::kPresent;
  evidence.link->tcp.last_ack_age = silence;
  return evidence;
}
Evidence Closed(Duration silence, TcpAbsence absence = TcpAbsence::kClosed) {
  Evidence evidence = Silent(silence);
  evidence.stream_end = StreamEnd::kConnectionClosed;
  evidence.link->tcp.absence = absence;
  return evidence;
}
Verdict Judged(const Evidence& evidence, const Keepalive& keepalive = Strict()) {
  return Judge(SymptomsOf(evidence, &keepalive));
}

TEST(Symptoms, OnlyAKeepaliveThatIsOnMayHaveCutTheConnection) {
  const Keepalive http2_only = Of(seconds(6), seconds(3), false, seconds(1));
  EXPECT_EQ(Judged(Closed(seconds(8)), http2_only).cause, Cause::kProcessExited);
  EXPECT_EQ(Judged(Closed(seconds(10)), http2_only).cause, Cause::kHostUnreachable);
  const Keepalive tcp_only = Of(kNone, seconds(3), true, seconds(9));
  EXPECT_EQ(Judged(Closed(seconds(8)), tcp_only).cause, Cause::kProcessExited);
  EXPECT_EQ(Judged(Closed(seconds(10)), tcp_only).cause, Cause::kHostUnreachable);
}

TEST(Symptoms, AnAcknowledgementIsASignOfLifeBeforeAClose) {
  Evidence evidence = Closed(seconds(10), TcpAbsence::kPresent);
  evidence.link->tcp.last_ack_age = seconds(1);
  EXPECT_EQ(Judged(evidence).cause, Cause::kProcessExited) << "its kernel answered a second before";
  evidence.link->tcp.unacked = 1;
  EXPECT_EQ(Judged(evidence).cause, Cause::kProcessStopped) << "but not what we sent last";
  evidence.link->tcp.unacked = 0;
  evidence.link->tcp.last_ack_age = milliseconds(9'500);
  EXPECT_EQ(Judged(evidence).cause, Cause::kProcessStopped) << "longer ago than a keepalive waits";
}

TEST(Symptoms, AHeartbeatIsOneWhateverTheKernelStillOwes) {
  Evidence evidence = Closed(seconds(2), TcpAbsence::kPresent);
  evidence.link->tcp.unacked = 1;
  EXPECT_EQ(Judged(evidence).cause, Cause::kProcessExited);
}

TEST(Symptoms, WhatOurEndClosedFirstIsNotItsExit) {
  Evidence evidence = Closed(seconds(2), TcpAbsence::kPresent);
  evidence.link->tcp.last_ack_age = milliseconds(1);
  EXPECT_EQ(Judged(evidence).cause, Cause::kProcessExited);
  evidence.link->tcp.closed_by_us = true;
  EXPECT_EQ(Judged(evidence).cause, Cause::kProcessStopped);
}

TEST(Symptoms, WhatWasSentAgainAndIsAcknowledgedSinceIsNoSilence) {
  Evidence evidence = Silent(seconds(3));
  evidence.link->tcp.last_ack_age = seconds(1);
  evidence.link->tcp.backoff = 2;
  EXPECT_EQ(Judged(evidence).cause, Cause::kProcessStopped);
}

TEST(Symptoms, ACutConnectionIsSureWhateverItsHostDoes) {
  Evidence evidence = Closed(seconds(10), TcpAbsence::kPresent);
  evidence.link->tcp.unacked = 1;
  evidence.link->tcp.retransmits = 1;
  evidence.host.heard = 2;
  EXPECT_EQ(Judged(evidence).cause, Cause::kHostUnreachable);
  EXPECT_EQ(Judged(evidence).confidence, Confidence::kHigh);
}

TEST(Symptoms, AConnectionThatIsGoneTellsNothingBeforeItsEndIsTold) {
  Evidence evidence = Silent(seconds(10));
  evidence.link->tcp.absence = TcpAbsence::kClosed;
  EXPECT_EQ(Judged(evidence).cause, Cause::kUnknown);
}

TEST(Symptoms, NeighboursTellOnlyWhereTheKernelCannot) {
  Evidence evidence = Silent(seconds(3));
  evidence.host = {.heard = 3, .silent = 0};
  EXPECT_EQ(Judged(evidence).cause, Cause::kUnknown);
  evidence.host = {.heard = 0, .silent = 3};
  EXPECT_EQ(Judged(evidence).cause, Cause::kUnknown);
  evidence.host = {.heard = 1, .silent = 3};
  EXPECT_FALSE(SymptomsOf(evidence, nullptr).host_silent) << "not all of them";
}

TEST(Symptoms, BehindAProxyAStreamThatEndedMayBeTheProxys) {
  Evidence evidence = Silent(seconds(1));
  evidence.stream_end = StreamEnd::kCancelled;
  EXPECT_EQ(Judged(evidence).confidence, Confidence::kHigh);
  evidence.link->tcp.absence = TcpAbsence::kProxy;
  EXPECT_EQ(Judged(evidence).confidence, Confidence::kLow);
}

TEST(Summaries, SayWhoseKernelItIsAndWhatItShows) {
  Evidence evidence = Closed(seconds(2));
  EXPECT_THAT(Summary(Cause::kProcessExited, evidence), Not(HasSubstr("proxy")));
  EXPECT_THAT(Summary(Cause::kHostUnreachable, evidence), HasSubstr("our kernel gave the connection up"));
  EXPECT_THAT(Summary(Cause::kProcessStopped, evidence), HasSubstr("others of its host are heard"));
  evidence.link->tcp.absence = TcpAbsence::kPresent;
  EXPECT_THAT(Summary(Cause::kHostUnreachable, evidence), HasSubstr("acknowledges nothing (0 segments wait"));
  EXPECT_THAT(Summary(Cause::kUnknown, evidence), Not(HasSubstr("proxy")));
  evidence.link->tcp.absence = TcpAbsence::kProxy;
  EXPECT_THAT(Summary(Cause::kHostUnreachable, evidence), HasSubstr("its whole host is silent"));
  evidence.link.reset();
  EXPECT_THAT(Summary(Cause::kHostUnreachable, evidence), HasSubstr("our kernel gave the connection up"));
  EXPECT_THAT(Summary(Cause::kProcessStopped, evidence), HasSubstr("others of its host are heard"));
  EXPECT_THAT(Summary(Cause::kUnknown, evidence), Not(HasSubstr("proxy")));
}

TEST(Summaries, QuoteReasonsAndTokens) {
  Evidence evidence;
  EXPECT_EQ(Summary(Cause::kSaidGoodbye, evidence), "it said goodbye");
  EXPECT_EQ(Summary(Cause::kApplicationStalled, evidence), "a progress token is stale");
  evidence.reason = "done";
  EXPECT_EQ(Summary(Cause::kSaidGoodbye, evidence), "it said goodbye: \"done\"");
  evidence.progress = std::make_shared<const std::vector<Progress>>(
      std::vector<Progress>{{"a", seconds(7), seconds(5)}, {"b", seconds(8), seconds(5)}});
  EXPECT_THAT(Summary(Cause::kApplicationStalled, evidence), HasSubstr("are allowed; \"b\" has not moved"));
}

TEST(Symptoms, WithoutALookTheKernelTellsNothing) {
  Evidence evidence = Silent(seconds(5));
  evidence.link->tcp.unacked = 1;
  evidence.link->tcp.retransmits = 2;
  ASSERT_EQ(Judged(evidence).cause, Cause::kHostUnreachable);
  evidence.link.reset();
  EXPECT_EQ(Judged(evidence).cause, Cause::kUnknown);
}

TEST(Symptoms, ACloseAfterALongSilenceIsAsSureAsItsKernelIsPlain) {
  const Verdict gone = Judged(Closed(seconds(10)));
  EXPECT_EQ(gone.cause, Cause::kHostUnreachable);
  EXPECT_EQ(gone.confidence, Confidence::kMedium) << "ours gave it up, and shows nothing any more";
  EXPECT_EQ(Judged(Closed(seconds(10), TcpAbsence::kUnsupported)).cause, Cause::kUnknown);
}

}  // namespace
}  // namespace liveness::core
