#include "client/src/session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace liveness::internal {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr BootTime kStart(1000s);

StreamEnd End(absl::StatusCode code, const std::string& reason = "") { return {code, reason, "message", {}}; }
StreamEnd Broken() { return End(absl::StatusCode::kUnavailable); }

class SessionTest : public ::testing::Test {
 protected:
  explicit SessionTest(std::size_t targets = 1, bool resume = true)
      : session_({targets, resume, 5s, [this] { return random_; }}) {}

  // "dial 1 target 0", "ping 1 #1", "goodbye 1", "cancel 1" since the last call.
  std::vector<std::string> Actions() {
    std::vector<std::string> texts;
    for (const Action& action : session_.TakeActions()) {
      const std::string stream = std::to_string(action.stream);
      switch (action.kind) {
        case Action::Kind::kDial: texts.push_back("dial " + stream + " target " + std::to_string(action.target)); break;
        case Action::Kind::kPing: texts.push_back("ping " + stream + " #" + std::to_string(action.sequence)); break;
        case Action::Kind::kGoodbye: texts.push_back("goodbye " + stream); break;
        case Action::Kind::kCancel: texts.push_back("cancel " + stream); break;
      }
    }
    return texts;
  }

  // "LOST SERVER_SILENT" since the last call.
  std::vector<std::string> Changes() {
    std::vector<std::string> texts;
    for (const StateChange& change : session_.TakeChanges()) {
      texts.push_back(ToString(change.state) + (change.reason.empty() ? "" : " " + change.reason));
    }
    return texts;
  }

  void WelcomeAt(StreamId stream, BootTime now, std::uint64_t incarnation = 7) {
    Welcome welcome;
    welcome.incarnation = incarnation;
    welcome.interval = 1s;
    welcome.timeout = 3s;
    session_.OnHelloSent(stream, now);
    session_.OnWelcome(stream, now, welcome, "token");
  }

  // Live on stream 1, ping 1 ponged, all told.
  void GoLive() {
    session_.Start(kStart);
    WelcomeAt(1, kStart);
    session_.Advance(kStart);
    session_.OnPong(1, kStart, 1);
    Actions();
    Changes();
  }

  double random_ = 0;
  Session session_;
};

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
  EXPECT_THAT(Actions(), ElementsAre("cancel 1", "dial 2 target 0"));
  EXPECT_EQ(session_.alive_until(), BootTime());
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

TEST_F(SessionTest, AttemptsAreNeverMoreThanTwoSecondsApartAndResetOnlyAfterWelcome) {
  random_ = 0;  // no jitter is taken off
  session_.Start(kStart);
  BootTime now = kStart;
  common::Duration longest{};
  for (StreamId stream = 1; stream <= 20; ++stream) {
    now += 1ms;
    session_.OnStreamEnd(stream, now, Broken());
    const BootTime next = session_.NextDeadline();
    longest = std::max(longest, next - now);
    now = next;
    session_.Advance(now);
  }
  EXPECT_LE(longest, 2s);
  EXPECT_GT(longest, 900ms) << "it does back off";
  WelcomeAt(21, now);
  session_.OnStreamEnd(21, now, Broken());
  EXPECT_LE(session_.NextDeadline(), now + 100ms);
}

TEST_F(SessionTest, AnAttemptThatTookLongIsFollowedAtOnce) {
  session_.Start(kStart);
  for (StreamId stream = 1; stream <= 10; ++stream) {
    const BootTime deadline = session_.NextDeadline();
    session_.Advance(deadline);  // nothing came of it within welcome_timeout
    EXPECT_EQ(session_.NextDeadline(), deadline + 5s) << stream;
  }
  EXPECT_EQ(session_.counters().attempts, 11u);
}

TEST_F(SessionTest, AnAttemptWithoutWelcomeIsCancelledAndTold) {
  session_.Start(kStart);
  Actions();
  Changes();
  session_.Advance(kStart + 5s);
  EXPECT_THAT(Actions(), ElementsAre("cancel 1", "dial 2 target 0"));
  EXPECT_THAT(Changes(), ElementsAre("CONNECTING WELCOME_TIMEOUT"));
  EXPECT_EQ(session_.last_error()->reason, "WELCOME_TIMEOUT");
}

TEST_F(SessionTest, TheSameFailureIsToldOnce) {
  session_.Start(kStart);
  Changes();
  session_.OnStreamEnd(1, kStart, Broken());
  EXPECT_THAT(Changes(), ElementsAre("CONNECTING CONNECT_FAILED"));
  session_.Advance(session_.NextDeadline());
  session_.OnStreamEnd(2, kStart + 1s, Broken());
  EXPECT_THAT(Changes(), IsEmpty());
  session_.Advance(session_.NextDeadline());
  session_.OnStreamEnd(3, kStart + 2s, End(absl::StatusCode::kUnavailable, "STORE_UNAVAILABLE"));
  EXPECT_THAT(Changes(), ElementsAre("CONNECTING STORE_UNAVAILABLE"));
}

TEST_F(SessionTest, FinalErrorsStopItForGood) {
  for (const auto& [code, reason] : {std::pair(absl::StatusCode::kAborted, "SUPERSEDED"),
                                     std::pair(absl::StatusCode::kAborted, "EVICTED"),
                                     std::pair(absl::StatusCode::kInvalidArgument, "BAD_HELLO")}) {
    Session attempt({1, true, 5s, [] { return 0.0; }});
    attempt.Start(kStart);
    attempt.OnStreamEnd(1, kStart, End(code, reason));
    EXPECT_TRUE(attempt.stopped()) << reason;
    EXPECT_EQ(attempt.TakeChanges().back().reason, reason);
  }
  GoLive();
  session_.OnStreamEnd(1, kStart + 1s, End(absl::StatusCode::kAborted, "SUPERSEDED"));
  EXPECT_THAT(Changes(), ElementsAre("STOPPED SUPERSEDED")) << "told once, not also as a loss";
  EXPECT_EQ(session_.alive_until(), BootTime());
  session_.Advance(kStart + 100s);
  EXPECT_THAT(Actions(), IsEmpty());
}

TEST_F(SessionTest, AbortedByAStrangerIsNotFinal) {
  session_.Start(kStart);
  session_.OnStreamEnd(1, kStart, End(absl::StatusCode::kAborted));
  EXPECT_FALSE(session_.stopped());
}

TEST_F(SessionTest, ARefusedTokenIsDroppedOnceThenPermissionDeniedIsFinal) {
  GoLive();
  session_.OnStreamEnd(1, kStart + 1s, Broken());
  session_.Advance(kStart + 1100ms);
  Actions();
  Changes();
  session_.OnStreamEnd(2, kStart + 1200ms, End(absl::StatusCode::kPermissionDenied, "FOREIGN_TOKEN"));
  EXPECT_FALSE(session_.stopped());
  EXPECT_EQ(session_.resume_token(), "");
  session_.Advance(kStart + 1200ms);
  EXPECT_THAT(Actions(), ElementsAre("dial 3 target 0"));
  session_.OnStreamEnd(3, kStart + 1300ms, End(absl::StatusCode::kPermissionDenied));
  EXPECT_TRUE(session_.stopped());
}

TEST_F(SessionTest, RetryInfoIsHonouredWithinReason) {
  session_.Start(kStart);
  StreamEnd quota = End(absl::StatusCode::kResourceExhausted, "TOO_MANY_STREAMS");
  quota.retry_delay = 7s;
  session_.OnStreamEnd(1, kStart, quota);
  EXPECT_EQ(session_.NextDeadline(), kStart + 7s);
  session_.Advance(kStart + 7s);
  quota.retry_delay = 1000h;
  session_.OnStreamEnd(2, kStart + 7s, quota);
  EXPECT_EQ(session_.NextDeadline(), kStart + 67s);
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

TEST_F(SessionTest, AfterALapseASilentStreamIsDroppedWithoutASecondLoss) {
  GoLive();
  session_.Advance(kStart + 60s);
  Actions();
  Changes();
  session_.Advance(kStart + 61s);
  session_.Advance(kStart + 62s);
  Actions();
  session_.Advance(kStart + 63s);
  EXPECT_THAT(Actions(), ElementsAre("cancel 1", "dial 2 target 0"));
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

class TwoTargets : public SessionTest {
 protected:
  TwoTargets() : SessionTest(2) {}
};

TEST_F(TwoTargets, Rotate) {
  session_.Start(kStart);
  session_.OnStreamEnd(1, kStart, Broken());
  session_.Advance(session_.NextDeadline());
  session_.OnStreamEnd(2, kStart + 1s, Broken());
  session_.Advance(session_.NextDeadline());
  EXPECT_THAT(Actions(), ElementsAre("dial 1 target 0", "dial 2 target 1", "dial 3 target 0"));
}

TEST_F(TwoTargets, ADrainMovesOverBeforeItLeaves) {
  GoLive();
  random_ = 0.5;
  session_.OnDrain(1, kStart + 100ms, 1s);
  session_.Advance(kStart + 1100ms);
  EXPECT_THAT(Actions(), ElementsAre("ping 1 #2", "dial 2 target 1")) << "the old stream beats on";
  EXPECT_EQ(session_.state(), State::kLive);
  WelcomeAt(2, kStart + 1200ms);
  EXPECT_THAT(Actions(), ElementsAre("cancel 1"));
  EXPECT_THAT(Changes(), IsEmpty()) << "same incarnation: nothing has happened to the application";
  session_.OnStreamEnd(1, kStart + 1201ms, Broken());
  EXPECT_THAT(Changes(), IsEmpty());
  EXPECT_EQ(session_.live_stream(), StreamId{2});
}

TEST_F(TwoTargets, ADrainSpreadsTheReturnWhenTheOldStreamEndsFirst) {
  GoLive();
  random_ = 0.5;
  session_.OnDrain(1, kStart, 10s);
  const BootTime planned = kStart + 5s;
  session_.OnPong(1, kStart, 1);
  session_.OnStreamEnd(1, kStart + 1s, Broken());
  EXPECT_THAT(Changes(), ElementsAre("LOST STREAM_ENDED"));
  EXPECT_EQ(session_.NextDeadline(), planned);
}

TEST_F(TwoTargets, ARefusedMoveLeavesTheOldStreamAndTriesAgain) {
  GoLive();
  session_.OnDrain(1, kStart, 0s);
  session_.Advance(kStart);
  session_.OnStreamEnd(2, kStart + 1ms, End(absl::StatusCode::kUnavailable, "DRAINING"));
  EXPECT_THAT(Changes(), IsEmpty());
  EXPECT_EQ(session_.state(), State::kLive);
  Actions();
  session_.Advance(kStart + 900ms);
  EXPECT_THAT(Actions(), ElementsAre("dial 3 target 0"));
}

class WithoutResume : public SessionTest {
 protected:
  WithoutResume() : SessionTest(1, false) {}
};

TEST_F(WithoutResume, KeepsNoToken) {
  GoLive();
  EXPECT_EQ(session_.resume_token(), "");
}

TEST_F(SessionTest, ANewIncarnationIsToldEvenWithoutALoss) {
  GoLive();
  session_.OnDrain(1, kStart, 0s);
  session_.Advance(kStart);
  WelcomeAt(2, kStart + 100ms, 8);
  EXPECT_THAT(Changes(), ElementsAre("LIVE"));
}

}  // namespace
}  // namespace liveness::internal
