// Pings, pongs, silence, lapses and goodbye.
#include "tests/unit/client/session/session_fixture.h"

namespace liveness::internal {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST_F(SessionTest, DialsAtOnceAndPingsAtWelcome) {
  session_.Start(kStart);
  EXPECT_THAT(Actions(), ElementsAre("dial 1 target 0"));
  EXPECT_THAT(Changes(), ElementsAre("CONNECTING"));
  EXPECT_EQ(session_.alive_until(), BootTime());
  WelcomeAt(1, kStart + 50ms);
  session_.Advance(kStart + 50ms);
  EXPECT_THAT(Actions(), ElementsAre("ping 1 #1"));
  EXPECT_THAT(Changes(), ElementsAre("LIVE"));
  EXPECT_EQ(session_.resume_token(), "token");
  session_.Advance(kStart + 1049ms);
  EXPECT_THAT(Actions(), IsEmpty());
  EXPECT_EQ(session_.NextDeadline(), kStart + 1050ms);
  session_.Advance(kStart + 1050ms);
  EXPECT_THAT(Actions(), ElementsAre("ping 1 #2"));
}

TEST_F(SessionTest, AliveUntilIsTheSendTimeOfThePongedPingPlusTimeout) {
  GoLive();
  EXPECT_EQ(session_.alive_until(), kStart + 3s);
  session_.Advance(kStart + 1s);  // ping 2
  EXPECT_EQ(session_.alive_until(), kStart + 3s) << "a ping alone proves nothing";
  session_.OnPong(1, kStart + 1900ms, 2);
  EXPECT_EQ(session_.alive_until(), kStart + 4s) << "sent at 1 s, not received at 1.9 s";
  EXPECT_EQ(session_.rtt(), 900ms);
}

TEST_F(SessionTest, AServerMayVouchForLessThanTheTimeoutAndNotForMore) {
  GoLive();
  session_.Advance(kStart + 1s);
  session_.OnPong(1, kStart + 1010ms, 2, 5s);
  EXPECT_EQ(session_.alive_until(), kStart + 4s);
  session_.Advance(kStart + 2s);
  session_.OnPong(1, kStart + 2010ms, 3, 1s);
  EXPECT_EQ(session_.alive_until(), kStart + 4s) << "the longer promise stands";
  session_.Advance(kStart + 3s);
  session_.Advance(kStart + 4s);
  session_.OnPong(1, kStart + 4s, 4, 1500ms);
  EXPECT_EQ(session_.alive_until(), kStart + 4500ms);
}

TEST_F(SessionTest, WhatIsVouchedForLapsesFirstAndTheServerIsGivenUpAtTheTimeout) {
  GoLive();
  for (int at = 1; at <= 4; ++at) {
    session_.Advance(kStart + at * 1s);
    session_.OnPong(1, kStart + at * 1s, static_cast<std::uint64_t>(at) + 1, 1900ms);
  }
  Actions();
  session_.Advance(kStart + 5s);
  EXPECT_LE(session_.NextDeadline(), kStart + 5900ms);
  session_.Advance(kStart + 5900ms);
  EXPECT_THAT(Changes(), ElementsAre("LOST SERVER_SILENT"));
  EXPECT_THAT(Actions(), ElementsAre("ping 1 #6")) << "the stream is kept";
  session_.OnPong(1, kStart + 5950ms, 6, 1900ms);
  EXPECT_THAT(Changes(), ElementsAre("LIVE"));
  session_.Advance(kStart + 6s);
  session_.Advance(kStart + 6900ms);
  session_.Advance(kStart + 7s);
  Changes();
  session_.Advance(kStart + 8900ms);
  EXPECT_THAT(Changes(), ElementsAre("CONNECTING SERVER_SILENT"));
  EXPECT_EQ(session_.counters().losses, 2u);
}

TEST_F(SessionTest, ALaterPongStandsForEarlierPings) {
  GoLive();
  session_.Advance(kStart + 1s);
  session_.Advance(kStart + 2s);
  session_.OnPong(1, kStart + 2100ms, 3);
  EXPECT_EQ(session_.alive_until(), kStart + 5s);
  EXPECT_EQ(session_.rtt(), 100ms);
  session_.OnPong(1, kStart + 2200ms, 2);
  EXPECT_EQ(session_.alive_until(), kStart + 5s) << "a straggler takes nothing back";
  EXPECT_EQ(session_.rtt(), 100ms);
}

TEST_F(SessionTest, APongForAPingNeverSentProvesNothing) {
  GoLive();
  session_.OnPong(1, kStart + 500ms, 99);
  EXPECT_EQ(session_.alive_until(), kStart + 3s);
}

TEST_F(SessionTest, ASilentServerIsLostAtTheTimeoutAndNotBefore) {
  GoLive();
  session_.Advance(kStart + 1s);
  session_.Advance(kStart + 2s);
  session_.Advance(kStart + 3s - 1ns);
  EXPECT_THAT(Changes(), IsEmpty());
  Actions();
  session_.Advance(kStart + 3s);
  EXPECT_THAT(Changes(), ElementsAre("LOST SERVER_SILENT", "CONNECTING SERVER_SILENT"));
  EXPECT_THAT(Actions(), ElementsAre("ping 1 #4")) << "the stream is kept: what is on its way may arrive";
  EXPECT_EQ(session_.alive_until(), kStart + 3s);
}

TEST_F(SessionTest, AnEndedStreamLapsesAtOnceAndIsReplacedWithin100ms) {
  GoLive();
  random_ = 0.999;
  session_.OnStreamEnd(1, kStart + 500ms, Broken());
  EXPECT_EQ(session_.alive_until(), BootTime());
  EXPECT_THAT(Changes(), ElementsAre("LOST STREAM_ENDED"));
  EXPECT_LE(session_.NextDeadline(), kStart + 600ms);
  session_.Advance(kStart + 600ms);
  EXPECT_THAT(Actions(), ElementsAre("dial 2 target 0"));
  EXPECT_THAT(Changes(), ElementsAre("CONNECTING STREAM_ENDED"));
}

TEST_F(SessionTest, AProcessThatDidNotRunIsLapsedAndAsksTheOldStreamFirst) {
  GoLive();
  const BootTime woken = kStart + 60s;
  session_.Advance(woken);
  EXPECT_THAT(Changes(), ElementsAre("LOST LAPSED"));
  EXPECT_THAT(Actions(), ElementsAre("ping 1 #2")) << "the stream may well be good";
  EXPECT_LT(session_.alive_until(), woken);
  session_.OnPong(1, woken + 10ms, 2);
  EXPECT_THAT(Changes(), ElementsAre("LIVE"));
  EXPECT_EQ(session_.alive_until(), woken + 3s);
}

TEST_F(SessionTest, APongFromBeforeThePauseDoesNotMakeItLive) {
  GoLive();
  session_.Advance(kStart + 1s);  // ping 2, then asleep with its pong in the socket
  const BootTime woken = kStart + 60s;
  session_.OnPong(1, woken, 2);
  EXPECT_LT(session_.alive_until(), woken);
  session_.Advance(woken);
  EXPECT_THAT(Changes(), ElementsAre("LOST LAPSED"));
}

TEST_F(SessionTest, AfterALapseASilentStreamIsNoSecondLoss) {
  GoLive();
  session_.Advance(kStart + 60s);
  Actions();
  Changes();
  session_.Advance(kStart + 61s);
  session_.Advance(kStart + 62s);
  Actions();
  session_.Advance(kStart + 63s);
  EXPECT_THAT(Changes(), ElementsAre("CONNECTING SERVER_SILENT"));
  EXPECT_EQ(session_.counters().losses, 1u);
}

TEST_F(SessionTest, AfterALapseADeadStreamIsReplacedWithoutASecondLoss) {
  GoLive();
  session_.Advance(kStart + 60s);
  Changes();
  session_.OnStreamEnd(1, kStart + 60s, End(absl::StatusCode::kDeadlineExceeded, "SILENT"));
  EXPECT_THAT(Changes(), IsEmpty());
  session_.Advance(session_.NextDeadline());
  EXPECT_THAT(Changes(), ElementsAre("CONNECTING SILENT"));
}

TEST_F(SessionTest, GoodbyeWaitsForTheEndOfTheStream) {
  GoLive();
  session_.OnGoodbye(kStart + 1s, kStart + 1500ms);
  EXPECT_THAT(Actions(), ElementsAre("goodbye 1"));
  session_.Advance(kStart + 1200ms);
  EXPECT_THAT(Actions(), IsEmpty()) << "no ping after goodbye";
  session_.OnStreamEnd(1, kStart + 1200ms, End(absl::StatusCode::kOk));
  EXPECT_THAT(Changes(), ElementsAre("STOPPED SAID_GOODBYE"));
  EXPECT_TRUE(session_.goodbye_confirmed());
}

TEST_F(SessionTest, GoodbyeToASilentServerGivesUpAtItsDeadline) {
  GoLive();
  session_.OnGoodbye(kStart + 1s, kStart + 1500ms);
  Actions();
  session_.Advance(kStart + 1500ms);
  EXPECT_THAT(Actions(), ElementsAre("cancel 1"));
  EXPECT_THAT(Changes(), ElementsAre("STOPPED SAID_GOODBYE"));
  EXPECT_FALSE(session_.goodbye_confirmed());
}

TEST_F(SessionTest, GoodbyeDuringAnAttemptIsSaidAtWelcome) {
  session_.Start(kStart);
  Actions();
  session_.OnGoodbye(kStart, kStart + 500ms);
  EXPECT_FALSE(session_.stopped());
  WelcomeAt(1, kStart + 100ms);
  EXPECT_THAT(Actions(), ElementsAre("goodbye 1"));
}

TEST_F(SessionTest, GoodbyeBetweenAttemptsStopsAtOnce) {
  session_.Start(kStart);
  session_.OnStreamEnd(1, kStart, Broken());
  session_.OnGoodbye(kStart + 10ms, kStart + 510ms);
  EXPECT_TRUE(session_.stopped());
}

TEST_F(SessionTest, TimeoutShorterThanTwoIntervalsIsPingedTwiceWithinIt) {
  session_.Start(kStart);
  Welcome welcome;
  welcome.interval = 3s;
  welcome.timeout = 3s;
  session_.OnWelcome(1, kStart, welcome, "");
  session_.Advance(kStart);
  EXPECT_EQ(session_.NextDeadline(), kStart + 1500ms);
}

}  // namespace
}  // namespace liveness::internal
