// One test for each rule's reason, and the table in docs/verdicts.md.
#include "server/core/detection/verdict.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace liveness::core {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

// `strict`: the shortest keepalive is 9 s.
Keepalive Strict() {
  Keepalive keepalive;
  keepalive.tcp.enabled = true;
  keepalive.tcp.user_timeout = seconds(9);
  keepalive.http2_time = seconds(6);
  keepalive.http2_timeout = seconds(3);
  return keepalive;
}

// Silent for 3 s; the server's ping went out 1 s ago.
Evidence Silent() {
  Evidence evidence;
  evidence.gather_time = WallTime(seconds(12 * 3600 + 3 * 60 + 10));
  evidence.silence = seconds(3);
  evidence.link = LinkEvidence{};
  evidence.link->probe_age = seconds(1);
  evidence.link->tcp.absence = TcpAbsence::kPresent;
  evidence.link->tcp.established = true;
  evidence.link->tcp.last_ack_age = seconds(3);
  return evidence;
}

Evidence Closed(Duration after_silence) {
  Evidence evidence = Silent();
  evidence.stream_end = StreamEnd::kConnectionClosed;
  evidence.silence = after_silence;
  evidence.link->tcp.absence = TcpAbsence::kClosed;
  evidence.link->tcp.established = false;
  return evidence;
}

Verdict Judged(const Evidence& evidence) {
  const Keepalive strict = Strict();
  return Judge(SymptomsOf(evidence, &strict));
}

TEST(VerdictTest, AKernelThatAcknowledgesForASilentProcess) {
  Evidence evidence = Silent();
  evidence.link->tcp.last_ack_age = seconds(1);
  EXPECT_EQ(Judged(evidence).cause, Cause::kProcessStopped);
  EXPECT_EQ(Judged(evidence).confidence, Confidence::kHigh);
  EXPECT_EQ(Summary(Cause::kProcessStopped, evidence),
            "its kernel still acknowledges, the process answers nothing: stopped or starved since 12:03:07");
}

TEST(VerdictTest, WhatIsUnderWayToALivingKernelIsNoSilence) {
  Evidence evidence = Silent();
  evidence.link->tcp.last_ack_age = milliseconds(1);
  evidence.link->tcp.unacked = 1;  // another session's probe, sent a moment ago
  EXPECT_EQ(Judged(evidence).cause, Cause::kProcessStopped);
}

TEST(VerdictTest, AnAcknowledgementOfTheLastPongProvesNothing) {
  Evidence evidence = Silent();
  evidence.link->tcp.last_ack_age = milliseconds(2'900);  // delayed by the peer's kernel
  EXPECT_EQ(Judged(evidence).cause, Cause::kUnknown);
}

TEST(VerdictTest, AKernelThatAcknowledgesNothing) {
  Evidence evidence = Silent();
  evidence.link->tcp.unacked = 1;
  EXPECT_EQ(Judged(evidence).cause, Cause::kUnknown) << "sent once: it may be under way";
  evidence.link->tcp.retransmits = 1;
  EXPECT_EQ(Judged(evidence).cause, Cause::kHostUnreachable);
  EXPECT_EQ(Judged(evidence).confidence, Confidence::kHigh);
  EXPECT_THAT(Summary(Cause::kHostUnreachable, evidence), HasSubstr("1 segments wait"));
  evidence.host.heard = 2;
  EXPECT_EQ(Judged(evidence).confidence, Confidence::kMedium) << "its host answers others";
}

TEST(VerdictTest, KeepaliveProbesWithoutAnswer) {
  Evidence evidence = Silent();
  evidence.link->tcp.probes = 1;
  EXPECT_EQ(Judged(evidence).cause, Cause::kUnknown) << "one may be under way";
  evidence.link->tcp.probes = 2;
  EXPECT_EQ(Judged(evidence).cause, Cause::kHostUnreachable);
}

TEST(VerdictTest, ACloseSoonAfterASignOfLifeIsTheProcess) {
  EXPECT_EQ(Judged(Closed(seconds(2))).cause, Cause::kProcessExited);
  EXPECT_EQ(Judged(Closed(seconds(2))).confidence, Confidence::kHigh);
  Evidence later = Closed(seconds(2));
  later.silence += seconds(60);  // gathered a minute after the close
  later.stream_ended_ago = seconds(60);
  EXPECT_EQ(Judged(later).cause, Cause::kProcessExited);
}

TEST(VerdictTest, ACloseAfterALongSilenceIsAKeepalives) {
  EXPECT_EQ(Judged(Closed(seconds(10))).cause, Cause::kHostUnreachable) << "the kernel gave it up";

  Evidence cut = Closed(seconds(10));
  cut.link->tcp.absence = TcpAbsence::kPresent;
  cut.link->tcp.closed_by_us = true;
  cut.link->tcp.last_ack_age = milliseconds(1);
  EXPECT_EQ(Judged(cut).cause, Cause::kProcessStopped) << "its kernel acknowledged even our close";
  cut.link->tcp.last_ack_age = seconds(10);
  cut.link->tcp.unacked = 2;
  cut.link->tcp.backoff = 3;
  EXPECT_EQ(Judged(cut).cause, Cause::kHostUnreachable);
}

TEST(VerdictTest, AStreamThatEndsOnALivingConnection) {
  for (const StreamEnd end : {StreamEnd::kCancelled, StreamEnd::kHalfClosed, StreamEnd::kCallDeadline}) {
    Evidence evidence = Silent();
    evidence.stream_end = end;
    EXPECT_EQ(Judged(evidence).cause, Cause::kStreamClosed);
    EXPECT_EQ(Judged(evidence).confidence, Confidence::kHigh);
  }
}

TEST(VerdictTest, BehindAProxyTheKernelIsLeftOut) {
  Evidence evidence = Silent();
  evidence.link->tcp = {};
  evidence.link->tcp.absence = TcpAbsence::kProxy;
  EXPECT_EQ(Judged(evidence).cause, Cause::kUnknown);
  EXPECT_THAT(Summary(Cause::kUnknown, evidence), HasSubstr("a proxy hides its kernel"));
  evidence.host = {.heard = 3, .silent = 0};
  EXPECT_EQ(Judged(evidence).cause, Cause::kProcessStopped);
  EXPECT_EQ(Judged(evidence).confidence, Confidence::kLow);
  evidence.host = {.heard = 0, .silent = 3};
  EXPECT_EQ(Judged(evidence).cause, Cause::kHostUnreachable);
  EXPECT_EQ(Judged(evidence).confidence, Confidence::kLow);

  evidence.stream_end = StreamEnd::kConnectionClosed;
  EXPECT_EQ(Judged(evidence).confidence, Confidence::kMedium) << "the proxy may have closed it";
}

// A client of another language says nothing of its own end: what acknowledges may be its proxy.
TEST(VerdictTest, WhereAProxyMayStandBetweenItsKernelProvesLess) {
  Evidence stopped = Silent();
  stopped.link->maybe_proxied = true;
  stopped.link->tcp.last_ack_age = seconds(1);
  EXPECT_EQ(Judged(stopped).cause, Cause::kProcessStopped);
  EXPECT_EQ(Judged(stopped).confidence, Confidence::kLow);
  EXPECT_EQ(Summary(Cause::kProcessStopped, stopped),
            "its kernel, or that of a proxy, still acknowledges, the process answers nothing: stopped or "
            "starved since 12:03:07");

  Evidence unreachable = Silent();
  unreachable.link->maybe_proxied = true;
  unreachable.link->tcp.unacked = 1;
  unreachable.link->tcp.retransmits = 1;
  EXPECT_EQ(Judged(unreachable).cause, Cause::kHostUnreachable);
  EXPECT_EQ(Judged(unreachable).confidence, Confidence::kMedium);
  EXPECT_THAT(Summary(Cause::kHostUnreachable, unreachable), HasSubstr("or that of a proxy"));

  Evidence closed = Closed(seconds(2));
  closed.link->maybe_proxied = true;
  EXPECT_EQ(Judged(closed).cause, Cause::kProcessExited);
  EXPECT_EQ(Judged(closed).confidence, Confidence::kMedium);
  EXPECT_THAT(Summary(Cause::kProcessExited, closed), HasSubstr("or that of a proxy, closed the connection"));

  // A proxy ends the stream of a client that is gone, and keeps the connection that others share.
  Evidence cancelled = Silent();
  cancelled.link->maybe_proxied = true;
  cancelled.stream_end = StreamEnd::kCancelled;
  EXPECT_EQ(Judged(cancelled).confidence, Confidence::kLow);
  EXPECT_THAT(Summary(Cause::kStreamClosed, cancelled), HasSubstr("may be a proxy's"));
}

TEST(VerdictTest, NoRuleIsSurerWhereAProxyMayStandBetween) {
  for (const VerdictRule& rule : VerdictRules()) {
    EXPECT_LE(rule.maybe_proxied, rule.verdict.confidence) << rule.when;
    if (rule.verdict.cause == Cause::kRevoked) continue;  // not found, but done by the server itself
    EXPECT_NE(rule.maybe_proxied, Confidence::kHigh) << rule.when;
  }
}

TEST(VerdictTest, CreditedTimeIsPartOfTheSilenceThatTheKernelSaw) {
  Evidence evidence = Silent();
  evidence.silence = milliseconds(100);
  evidence.credited = seconds(3);
  evidence.link->tcp.last_ack_age = seconds(1);
  EXPECT_EQ(Judged(evidence).cause, Cause::kProcessStopped);
}

TEST(VerdictTest, AStalledTokenIsNamed) {
  Evidence evidence;
  evidence.progress = std::make_shared<const std::vector<Progress>>(
      std::vector<Progress>{{"producer", seconds(1), seconds(5)}, {"consumer", seconds(7), seconds(5)}});
  EXPECT_EQ(Summary(Cause::kApplicationStalled, evidence),
            "its heartbeats arrive, but \"consumer\" has not moved for 7.0 s, 5.0 s are allowed");
}

TEST(VerdictTest, TheTableInTheDocsIsTheOneInForce) {
  std::ostringstream expected;
  const auto words = [](Confidence confidence) {
    return confidence == Confidence::kHigh ? "high" : confidence == Confidence::kMedium ? "medium" : "low";
  };
  for (const VerdictRule& rule : VerdictRules()) {
    expected << "| " << rule.when << " | `" << Name(rule.verdict.cause) << "` | "
             << words(rule.verdict.confidence) << " | " << words(rule.maybe_proxied) << " |\n";
  }
  std::ostringstream docs;
  docs << std::ifstream(LIVENESS_SOURCE_DIR "/docs/verdicts.md").rdbuf();
  EXPECT_THAT(docs.str(), HasSubstr(expected.str()));
}

}  // namespace
}  // namespace liveness::core
