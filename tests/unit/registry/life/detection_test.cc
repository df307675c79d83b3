// Silence is found at its deadline, a closed stream at once, and nobody is
// blamed for what this server slept through (DESIGN, invariants 1, 2 and 6).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/status.h"
#include "tests/support/registry/registry_harness.h"

namespace liveness::registry {
namespace {

using core::Cause;
using core::State;
using core::StreamEnd;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::Peer;
using testing::RegistryHarness;
using ::testing::SizeIs;

// The harness's clients ping each 1 s and time out after 3 s; grace is 1 s.

TEST(Detection, SilenceIsSuspectedAtTheDeadlineAndDeadAfterTheGrace) {
  RegistryHarness h;
  const Peer a = h.Attach("a");
  h.Run(milliseconds(2'999));
  EXPECT_EQ(h.StateOf("a"), State::kAlive);
  h.Run(milliseconds(2));
  EXPECT_EQ(h.StateOf("a"), State::kSuspect);
  EXPECT_EQ(h.Record("a")->cause, Cause::kUnknown);
  EXPECT_THAT(a.stream->ends, IsEmpty()) << "the stream stays open: it may refute";
  h.Run(milliseconds(997));
  EXPECT_EQ(h.StateOf("a"), State::kSuspect);
  h.Run(milliseconds(4));
  EXPECT_EQ(h.StateOf("a"), State::kDead);
  ASSERT_THAT(a.stream->ends, SizeIs(1));
  EXPECT_EQ(a.stream->ends[0].code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(common::ReasonOf(a.stream->ends[0]), "SILENT");
  EXPECT_THAT(h.Told(), ElementsAre("a:->ALIVE", "a:ALIVE>SUSPECT(UNKNOWN)", "a:SUSPECT>DEAD(UNKNOWN)"));
}

TEST(Detection, ProbesGoOutHalfwayToTheDeadlineAndAtIt) {
  RegistryHarness h;
  const Peer a = h.Attach("a");
  h.Run(milliseconds(1'995));
  EXPECT_THAT(a.stream->probes, IsEmpty());
  h.Run(milliseconds(10));
  EXPECT_THAT(a.stream->probes, SizeIs(1)) << "1 s + (3 s - 1 s) / 2";
  h.Run(milliseconds(900));
  EXPECT_THAT(a.stream->probes, SizeIs(1)) << "once in a silence";
  h.Run(milliseconds(100));
  EXPECT_EQ(h.StateOf("a"), State::kSuspect);
  EXPECT_THAT(a.stream->probes, SizeIs(2));
  EXPECT_LT(a.stream->probes[0], a.stream->probes[1]);
}

TEST(Detection, WhoBeatsInTimeIsNeverProbedNorSuspected) {
  RegistryHarness h;
  const Peer a = h.Attach("a");
  for (int i = 0; i < 100; ++i) {
    h.Run(seconds(1));
    EXPECT_EQ(h.Beat(a), TouchResult::kHeard);
  }
  EXPECT_THAT(h.Told(), ElementsAre("a:->ALIVE"));
  EXPECT_THAT(a.stream->probes, IsEmpty());
}

TEST(Detection, AnyMessageRefutesInTheSameIncarnation) {
  RegistryHarness h;
  const Peer a = h.Attach("a");
  h.Run(milliseconds(3'500));
  ASSERT_EQ(h.StateOf("a"), State::kSuspect);
  EXPECT_EQ(h.Beat(a), TouchResult::kRefutes);
  EXPECT_EQ(h.StateOf("a"), State::kAlive);
  EXPECT_EQ(h.Record("a")->incarnation, a.attached.incarnation);
  EXPECT_EQ(h.Record("a")->evidence, nullptr);
  EXPECT_EQ(h.registry.totals().scorecard.refuted_suspicions.count, 1);
  h.Run(milliseconds(2'990));
  EXPECT_EQ(h.StateOf("a"), State::kAlive) << "the deadline moved";
  h.Run(milliseconds(20));
  EXPECT_EQ(h.StateOf("a"), State::kSuspect);
}

TEST(Detection, AClosedConnectionIsSuspectedAtOnce) {
  RegistryHarness h;
  HelloRequest hello;
  hello.info.client_id = "a";
  hello.interval = seconds(1);
  hello.timeout = seconds(3);
  auto keepalive = std::make_shared<core::Keepalive>();
  keepalive->tcp.enabled = true;
  keepalive->tcp.user_timeout = seconds(9);
  keepalive->http2_time = seconds(6);
  keepalive->http2_timeout = seconds(3);
  hello.keepalive = keepalive;
  const Peer a = h.Attach(hello);
  h.Close(a);
  EXPECT_EQ(h.StateOf("a"), State::kSuspect);
  EXPECT_EQ(h.Record("a")->cause, Cause::kProcessExited);
  EXPECT_EQ(h.Record("a")->evidence->stream_end, StreamEnd::kConnectionClosed);
  h.Run(milliseconds(1'001));
  EXPECT_EQ(h.StateOf("a"), State::kDead);
  EXPECT_EQ(h.Record("a")->cause, Cause::kProcessExited);
}

TEST(Detection, ACloseThatAKeepaliveMayHaveCausedTellsNothingOfTheProcess) {
  RegistryHarness h;
  HelloRequest hello;
  hello.info.client_id = "a";
  hello.interval = seconds(20);
  hello.timeout = seconds(60);
  auto keepalive = std::make_shared<core::Keepalive>();
  keepalive->http2_time = seconds(6);
  keepalive->http2_timeout = seconds(3);
  hello.keepalive = keepalive;
  const Peer a = h.Attach(hello);
  h.Run(seconds(10));
  h.Close(a);
  EXPECT_EQ(h.Record("a")->cause, Cause::kUnknown);
}

TEST(Detection, AHalfClosedStreamIsNotADeadProcess) {
  RegistryHarness h;
  const Peer a = h.Attach("a");
  h.Close(a, StreamEnd::kHalfClosed);
  EXPECT_EQ(h.Record("a")->cause, Cause::kStreamClosed);
}

TEST(Detection, WithoutGraceTheSuspicionIsToldAllTheSame) {
  RegistryHarness h({.resume_grace = core::Duration::zero()});
  const Peer a = h.Attach("a");
  h.Close(a, StreamEnd::kHalfClosed);
  h.Run(milliseconds(2));
  EXPECT_THAT(h.Told(),
              ElementsAre("a:->ALIVE", "a:ALIVE>SUSPECT(STREAM_CLOSED)", "a:SUSPECT>DEAD(STREAM_CLOSED)"));
}

TEST(Detection, OneDeathIsToldOncePerIncarnation) {
  RegistryHarness h;
  const Peer a = h.Attach("a");
  h.Run(seconds(10));
  h.Close(a);
  h.registry.SayGoodbye(a.attached.session, a.attached.attachment, {.exit_code = 1});
  EXPECT_FALSE(h.Evict("a", "").ok());
  h.Run(seconds(10));
  EXPECT_THAT(h.Told(), SizeIs(3));
}

TEST(Detection, AStallOfAnyLengthSuspectsNobody) {
  for (const auto stall :
       {milliseconds(500), milliseconds(3'000), milliseconds(30'000), milliseconds(3'600'000)}) {
    RegistryHarness h;
    const Peer a = h.Attach("a");
    h.Run(milliseconds(2'900));
    h.Stall(stall);
    EXPECT_EQ(h.StateOf("a"), State::kAlive) << stall.count() << " ms";
    // What it sent meanwhile is read soon after.
    h.Run(milliseconds(20));
    EXPECT_EQ(h.Beat(a), TouchResult::kHeard);
    h.Run(milliseconds(2'900));
    EXPECT_THAT(h.Told(), ElementsAre("a:->ALIVE"));
    EXPECT_GE(h.registry.totals().credited, stall - milliseconds(20));
  }
}

TEST(Detection, AStallEndsAndThenSilenceIsFound) {
  RegistryHarness h;
  h.Attach("a");
  h.Run(milliseconds(2'000));
  h.Stall(seconds(30));
  h.Run(milliseconds(990));
  EXPECT_EQ(h.StateOf("a"), State::kAlive);
  h.Run(milliseconds(20));
  EXPECT_EQ(h.StateOf("a"), State::kSuspect);
  EXPECT_GE(h.Record("a")->evidence->credited, seconds(29));
  h.Stall(seconds(30));
  EXPECT_EQ(h.StateOf("a"), State::kSuspect) << "the grace runs on the witness clock too";
  h.Run(milliseconds(1'001));
  EXPECT_EQ(h.StateOf("a"), State::kDead);
}

TEST(Detection, ACloseFoundAfterAStallIsSilenceAndDueAtTheCreditedDeadline) {
  for (const bool observed : {true, false}) {
    RegistryHarness h;
    const Peer back = h.Attach("back");
    const Peer gone = h.Attach("gone");
    h.Run(seconds(1));
    h.Beat(back);
    h.Beat(gone);
    h.Run(milliseconds(100));
    // We stand for 5 s; the clients ping, time out and close. The closes are found
    // after a ping that waited in the socket, after the detector ran or before.
    const common::MonoTime expected = h.clock.Mono();
    h.clock.Advance(seconds(5));
    if (observed) h.registry.Tick(expected, h.clock.Mono());
    h.Beat(back);
    h.Close(back);
    h.Close(gone);
    EXPECT_EQ(h.StateOf("back"), State::kAlive);
    if (!observed) h.registry.Tick(expected, h.clock.Mono());
    const Peer again = h.Attach("back", "i1", back.attached.incarnation, {}, "10.0.0.1:1001");
    EXPECT_EQ(again.attached.incarnation, back.attached.incarnation);
    h.Run(milliseconds(2'800));
    EXPECT_EQ(h.StateOf("gone"), State::kAlive) << "2.9 s of witness time";
    h.Beat(again);
    h.Run(milliseconds(1'300));
    h.Beat(again);
    EXPECT_EQ(h.StateOf("gone"), State::kDead);
    EXPECT_THAT(h.Told(),
                ElementsAre("back:->ALIVE", "gone:->ALIVE", "back:ALIVE>ALIVE",
                            "gone:ALIVE>SUSPECT(PROCESS_EXITED)", "gone:SUSPECT>DEAD(PROCESS_EXITED)"));
  }
}

TEST(Detection, AShortStallDoesNotDelayAClose) {
  RegistryHarness h;
  const Peer a = h.Attach("a");
  h.Run(milliseconds(100));
  h.Stall(seconds(1));  // less than half of the timeout: no reason to give us up
  h.Close(a);
  EXPECT_EQ(h.StateOf("a"), State::kSuspect);
  EXPECT_EQ(h.Record("a")->cause, Cause::kProcessExited);
}

TEST(Detection, ACloseIsForOurSakeAlsoWhereTheTimeoutIsTwoIntervals) {
  RegistryHarness h;
  HelloRequest hello;
  hello.info.client_id = "a";
  hello.interval = milliseconds(240);
  hello.timeout = milliseconds(480);
  const Peer a = h.Attach(hello);
  h.Run(milliseconds(240));
  // We stand as its first ping comes; 480 ms after its hello it gives us up.
  h.Stall(milliseconds(231));
  h.Beat(a);
  h.Run(milliseconds(10));
  h.Close(a);
  EXPECT_EQ(h.StateOf("a"), State::kAlive) << "the stall is less than half of the timeout, and its reason";
}

TEST(Detection, TheWallClockHasNoSay) {
  RegistryHarness h;
  const Peer a = h.Attach("a");
  h.clock.StepWall(std::chrono::hours(24 * 365));
  h.Run(seconds(2));
  EXPECT_EQ(h.StateOf("a"), State::kAlive);
  h.Beat(a);
  h.clock.StepWall(-std::chrono::hours(24 * 730));
  h.Run(seconds(2));
  EXPECT_EQ(h.StateOf("a"), State::kAlive);
  h.Run(milliseconds(1'010));
  EXPECT_EQ(h.StateOf("a"), State::kSuspect);
}

TEST(Detection, ADeadlineThatMovesEarlierIsKept) {
  RegistryHarness h;
  HelloRequest slow;
  slow.info.client_id = "a";
  slow.info.instance_id = "i1";
  slow.interval = std::chrono::minutes(10);
  slow.timeout = std::chrono::minutes(30);
  const Peer first = h.Attach(slow);
  HelloRequest quick = slow;
  quick.interval = seconds(1);
  quick.timeout = seconds(2);
  quick.resume_incarnation = first.attached.incarnation;
  ASSERT_TRUE(h.Attach(quick).attached.resumed);
  h.Run(milliseconds(2'001));
  EXPECT_EQ(h.StateOf("a"), State::kSuspect);
}

TEST(Detection, AWholeFleetDueAtOnceIsFoundInBoundedTurns) {
  RegistryHarness h({.doubt_share = 1});  // else each were asked once more, see groups_test.cc
  for (int i = 0; i < 5'000; ++i) h.Attach("c" + std::to_string(i));
  h.Run(milliseconds(3'020));
  EXPECT_EQ(h.registry.totals().counts.suspect, 5'000);
  h.Run(milliseconds(1'020));
  EXPECT_EQ(h.registry.totals().counts.dead, 5'000);
}

}  // namespace
}  // namespace liveness::registry
