#include "client/cli/print/describe_evidence.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

namespace liveness::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr common::WallTime kNow{std::chrono::seconds(1'700'000'000)};

void AddProgress(v1::Evidence& evidence, const char* name, int age, int deadline) {
  v1::Progress& progress = *evidence.add_progress();
  progress.set_name(name);
  progress.mutable_age()->set_seconds(age);
  progress.mutable_deadline()->set_seconds(deadline);
}

// Of a stopped process.
v1::Evidence Stopped() {
  v1::Evidence evidence;
  evidence.set_summary("its kernel still acknowledges");
  evidence.set_confidence(v1::CONFIDENCE_HIGH);
  evidence.mutable_gather_time()->set_seconds(1'700'000'000 - 180);
  evidence.mutable_heartbeat()->mutable_silence()->set_seconds(6);
  evidence.mutable_heartbeat()->set_last_sequence(41);
  evidence.mutable_tcp()->mutable_last_ack_age()->set_seconds(1);
  evidence.mutable_tcp()->mutable_rtt()->set_nanos(100'000);
  evidence.mutable_transport()->mutable_last_pong_age()->set_seconds(12);
  evidence.mutable_transport()->mutable_probe_age()->set_seconds(1);
  evidence.mutable_host()->set_heard_count(3);
  AddProgress(evidence, "consumer", 7, 5);
  AddProgress(evidence, "mailer", 5, 5);
  return evidence;
}

TEST(DescribeEvidenceTest, GoesFromTheVerdictThroughTheLayers) {
  EXPECT_EQ(DescribeEvidence(Stopped(), kNow),
            "Evidence:\n"
            "  Verdict:          its kernel still acknowledges\n"
            "  Confidence:       high\n"
            "  Gathered:         2023-11-14T22:10:20.000Z (3m ago)\n"
            "  Silence:          6s\n"
            "  Last ping:        #41, 0 missed\n"
            "  Kernel TCP:       last ack 1s ago, 0 unacked, 0 retransmits, backoff 0, 0 probes, rtt 100us\n"
            "  Transport:        last answer 12s ago, a probe waits for 1s\n"
            "  Same host:        3 heard, 0 silent\n"
            "  Progress:         consumer: 7s old, 5s allowed, STALE\n"
            "                    mailer: 5s old, 5s allowed\n");
}

TEST(DescribeEvidenceTest, SaysThatTheKernelMayBeAProxys) {
  v1::Evidence evidence = Stopped();
  EXPECT_EQ(DescribeEvidence(evidence, kNow).find("proxy"), std::string::npos);
  evidence.mutable_tcp()->set_maybe_proxied(true);
  EXPECT_NE(DescribeEvidence(evidence, kNow).find("rtt 100us; perhaps a proxy's\n"), std::string::npos);
}

TEST(DescribeEvidenceTest, IsSilentAboutWhatWasNotFound) {
  v1::Evidence evidence;
  evidence.set_summary("an operator evicted it");
  EXPECT_EQ(DescribeEvidence(evidence, kNow),
            "Evidence:\n"
            "  Verdict:          an operator evicted it\n");
}

TEST(DescribeEvidenceTest, SaysWhyTheKernelTellsNothing) {
  v1::Evidence evidence;
  v1::TcpEvidence& tcp = *evidence.mutable_tcp();
  tcp.set_absence(v1::TCP_ABSENCE_PROXY);
  EXPECT_THAT(DescribeEvidence(evidence, kNow), HasSubstr("Kernel TCP:       left out: behind a proxy"));
  tcp.set_absence(v1::TCP_ABSENCE_CLOSED);
  EXPECT_THAT(DescribeEvidence(evidence, kNow), HasSubstr("the kernel no longer knows the connection\n"));
  tcp.set_absence(v1::TCP_ABSENCE_UNSUPPORTED);
  const std::string text = DescribeEvidence(evidence, kNow);
  EXPECT_THAT(text, HasSubstr("the kernel cannot be asked here\n"));
  EXPECT_THAT(text, Not(HasSubstr("unacked")));
}

TEST(DescribeEvidenceTest, OldFiguresAndUnreadBytesAreSaid) {
  v1::Evidence evidence;
  v1::TcpEvidence& tcp = *evidence.mutable_tcp();
  tcp.set_unread_bytes(90);
  tcp.mutable_age()->set_nanos(99'000'000);
  EXPECT_THAT(DescribeEvidence(evidence, kNow), HasSubstr(", 90 bytes not read by the server\n"));
  tcp.mutable_age()->set_nanos(400'000'000);
  EXPECT_THAT(DescribeEvidence(evidence, kNow), HasSubstr(" (taken 400ms before)\n"));
}

TEST(DescribeEvidenceTest, AProbeThatWasNeverAnswered) {
  v1::Evidence evidence;
  evidence.mutable_transport()->mutable_probe_age()->set_seconds(2);
  EXPECT_THAT(DescribeEvidence(evidence, kNow),
              HasSubstr("Transport:        no answer yet, a probe waits for 2s\n"));
}

TEST(DescribeEvidenceTest, AGuessIsCalledOne) {
  v1::Evidence evidence;
  evidence.set_confidence(v1::CONFIDENCE_LOW);
  EXPECT_THAT(DescribeEvidence(evidence, kNow), HasSubstr("Confidence:       low (a guess"));
}

TEST(DescribeEvidenceTest, TheWillIsThereAndTheLastMinuteIsPointedTo) {
  v1::Evidence evidence;
  evidence.mutable_last_words()->set_will("page \x1b[2J the db team");
  evidence.mutable_last_words()->add_notes();
  const std::string text = DescribeEvidence(evidence, kNow);
  EXPECT_THAT(text, HasSubstr("Last will:        page \\x1b[2J the db team\n"));
  EXPECT_THAT(text, HasSubstr("Last minute:      1 note, shown by get --last-words\n"));
}

TEST(DescribeEvidenceTest, AStrangersTokenCannotReachTheTerminal) {
  v1::Evidence evidence;
  AddProgress(evidence, "\x1b\n", 1, 2);
  EXPECT_THAT(DescribeEvidence(evidence, kNow), HasSubstr("\\x1b\\x0a: 1s old, 2s allowed\n"));
}

TEST(DescribeEvidenceTest, OfAServerThatHasNotHeardTheClientThereIsNoSilence) {
  v1::Evidence evidence;
  evidence.mutable_heartbeat()->mutable_silence();
  EXPECT_THAT(DescribeEvidence(evidence, kNow), Not(HasSubstr("Silence")));
  evidence.mutable_heartbeat()->set_last_sequence(1);
  EXPECT_THAT(DescribeEvidence(evidence, kNow), HasSubstr("Silence:          0s\n  Last ping:        #1"));
}

}  // namespace
}  // namespace liveness::cli
