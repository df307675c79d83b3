// Drains: how it moves to another server without a loss, and what it may believe
// meanwhile.
#include "tests/unit/client/session/session_fixture.h"

namespace liveness::internal {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Move : public SessionTest {
 protected:
  explicit Move(std::size_t targets = 2) : SessionTest(targets) {}

  // Drained of stream 1, and the hello of stream 2 is out at `kStart` + `at`.
  void SayHelloElsewhere(common::Duration at) {
    GoLive();
    session_.OnDrain(1, kStart, 0s);
    session_.Advance(kStart);
    session_.OnHelloSent(2, kStart + at);
    Actions();
  }
};

StreamEnd Replaced() { return End(absl::StatusCode::kCancelled, "STREAM_REPLACED"); }
StreamEnd Draining() { return End(absl::StatusCode::kUnavailable, "DRAINING"); }

TEST_F(Move, TheOldStreamIsLeftOnlyOnceAnotherServerHasWelcomed) {
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

TEST_F(Move, AReplacedStreamIsNoLossWhileItsSuccessorIsUnderWay) {
  SayHelloElsewhere(10ms);
  session_.OnStreamEnd(1, kStart + 20ms, Replaced());
  EXPECT_THAT(Changes(), IsEmpty());
  EXPECT_EQ(session_.state(), State::kLive);
  EXPECT_EQ(session_.live_stream(), std::nullopt) << "nothing can be written to it";
  EXPECT_EQ(session_.alive_until(), kStart + 3s) << "the session goes on";
  session_.Advance(kStart + 1s);
  EXPECT_THAT(Actions(), IsEmpty()) << "no ping to nobody";
  session_.OnWelcome(2, kStart + 1100ms, *session_.welcome(), "token 2");
  session_.Advance(kStart + 1100ms);
  EXPECT_THAT(Changes(), IsEmpty());
  EXPECT_THAT(Actions(), ElementsAre("ping 2 #1"));
  EXPECT_EQ(session_.counters().losses, 0u);
}

TEST_F(Move, AReplacedStreamWithoutASuccessorIsALoss) {
  GoLive();
  session_.OnStreamEnd(1, kStart + 20ms, Replaced());
  EXPECT_THAT(Changes(), ElementsAre("LOST STREAM_REPLACED"));
  EXPECT_EQ(session_.alive_until(), BootTime());
}

TEST_F(Move, AReplacedStreamIsALossOnceItsSuccessorFails) {
  SayHelloElsewhere(10ms);
  session_.OnStreamEnd(1, kStart + 20ms, Replaced());
  session_.OnStreamEnd(2, kStart + 30ms, Broken());
  EXPECT_THAT(Changes(), ElementsAre("LOST CONNECT_FAILED"));
  EXPECT_EQ(session_.alive_until(), BootTime());
  session_.Advance(session_.NextDeadline());
  EXPECT_THAT(Actions(), ElementsAre("dial 3 target 0"));
  EXPECT_LE(session_.NextDeadline() - 5s, kStart + 130ms);
}

TEST_F(Move, AReplacedStreamWhoseSuccessorIsNeverWelcomedIsLostInTime) {
  SayHelloElsewhere(10ms);
  session_.OnStreamEnd(1, kStart + 20ms, Replaced());
  EXPECT_EQ(session_.NextDeadline(), kStart + 1510ms) << "half a timeout after the hello";
  session_.Advance(kStart + 1510ms);
  EXPECT_THAT(Changes(), ElementsAre("LOST WELCOME_TIMEOUT", "CONNECTING WELCOME_TIMEOUT"));
}

// The other server counts from the hello, whatever the old one still answers.
TEST_F(Move, PongsOfTheOldServerProveNothingBeyondTheHelloToTheOther) {
  SayHelloElsewhere(10ms);
  session_.Advance(kStart + 1s);
  session_.OnPong(1, kStart + 1s, 2);
  EXPECT_EQ(session_.alive_until(), kStart + 3010ms);
  session_.OnStreamEnd(2, kStart + 1100ms, Draining());
  EXPECT_EQ(session_.alive_until(), kStart + 3010ms) << "only a later pong extends it";
  session_.Advance(kStart + 2s);
  session_.OnPong(1, kStart + 2s, 3);
  EXPECT_EQ(session_.alive_until(), kStart + 5s);
}

TEST_F(Move, TheWelcomeElsewhereCountsFromItsHello) {
  SayHelloElsewhere(10ms);
  session_.Advance(kStart + 1s);
  session_.OnPong(1, kStart + 1s, 2);
  session_.OnWelcome(2, kStart + 1200ms, *session_.welcome(), "token 2");
  EXPECT_EQ(session_.alive_until(), kStart + 3010ms);
}

TEST_F(Move, OneThatIsOnlyBeingConnectedToTakesNothingAway) {
  GoLive();
  session_.OnDrain(1, kStart, 0s);
  session_.Advance(kStart + 1s);
  session_.OnPong(1, kStart + 1s, 2);
  EXPECT_EQ(session_.alive_until(), kStart + 4s);
}

TEST_F(Move, ARefusedMoveStaysAndTriesAgainWithinTwoSecondsForEver) {
  GoLive();
  session_.OnDrain(1, kStart, 0s);
  session_.Advance(kStart);
  EXPECT_THAT(Actions(), ElementsAre("dial 2 target 1"));
  BootTime now = kStart;
  BootTime last_dial = kStart;
  StreamId attempt = 2;
  std::uint64_t ping = 1;
  session_.OnStreamEnd(attempt, now, Draining());
  while (attempt < 20) {
    now = session_.NextDeadline();
    session_.Advance(now);
    for (const std::string& action : Actions()) {
      if (action.starts_with("ping 1")) {
        session_.OnPong(1, now, ++ping);
        continue;
      }
      EXPECT_EQ(action, "dial " + std::to_string(++attempt) + " target 1")
          << "never back to the one it leaves";
      EXPECT_LE(now - last_dial, 2s);
      last_dial = now;
      session_.OnStreamEnd(attempt, now, attempt % 2 == 0 ? Draining() : Broken());
    }
  }
  EXPECT_GT(now, kStart + 20s) << "it does back off";
  EXPECT_THAT(Changes(), IsEmpty());
  EXPECT_EQ(session_.state(), State::kLive);
}

TEST_F(Move, ARefusalOfAnotherServerIsNotTheEndOfTheSession) {
  for (const auto& [code, reason] : {std::pair(absl::StatusCode::kPermissionDenied, "PRINCIPAL_MISMATCH"),
                                     std::pair(absl::StatusCode::kInvalidArgument, "BAD_HELLO")}) {
    Session session({2, true, 5s, [] { return 0.0; }});
    Welcome welcome;
    welcome.interval = 1s;
    welcome.timeout = 3s;
    session.Start(kStart);
    session.OnWelcome(1, kStart, welcome, "token");
    session.OnDrain(1, kStart, 0s);
    session.Advance(kStart);
    session.OnStreamEnd(2, kStart, End(code, reason));
    EXPECT_EQ(session.state(), State::kLive) << reason;
    EXPECT_EQ(session.resume_token(), "token");
  }
  GoLive();
  session_.OnDrain(1, kStart, 0s);
  session_.Advance(kStart);
  session_.OnStreamEnd(2, kStart, End(absl::StatusCode::kAborted, "EVICTED"));
  EXPECT_TRUE(session_.stopped()) << "that is true on every server";
}

// Nobody vouches for it any more: this is a lost stream like any other.
TEST_F(Move, AStreamThatEndsBeforeItsMomentIsReplacedAtOnce) {
  GoLive();
  random_ = 0.5;
  session_.OnDrain(1, kStart, 10s);
  session_.OnStreamEnd(1, kStart + 1s, Broken());
  EXPECT_THAT(Changes(), ElementsAre("LOST STREAM_ENDED"));
  EXPECT_LE(session_.NextDeadline(), kStart + 1100ms);
  session_.Advance(session_.NextDeadline());
  EXPECT_THAT(Actions(), ElementsAre("dial 2 target 1"));
}

TEST_F(Move, ASilentServerIsLeftBeforeItsMoment) {
  GoLive();
  random_ = 0.5;
  session_.OnDrain(1, kStart, 1h);
  for (const auto at : {1000ms, 2000ms, 3000ms, 3100ms}) session_.Advance(kStart + at);
  EXPECT_EQ(Actions().back(), "dial 2 target 1");
}

TEST_F(Move, ASecondDrainMayOnlyHurry) {
  GoLive();
  random_ = 0.1;
  session_.OnDrain(1, kStart, 10s);
  session_.OnDrain(1, kStart, 1h);
  session_.OnDrain(1, kStart + 500ms, 1s);
  session_.Advance(kStart + 600ms);
  EXPECT_THAT(Actions(), ElementsAre("dial 2 target 1"));
  session_.OnDrain(1, kStart + 700ms, 1s);
  session_.Advance(kStart + 900ms);
  EXPECT_THAT(Actions(), IsEmpty()) << "it is under way";
}

TEST_F(Move, GoodbyeWaitsForTheAnswerToAHelloThatIsOut) {
  SayHelloElsewhere(10ms);
  session_.OnGoodbye(kStart + 20ms, kStart + 520ms);
  EXPECT_THAT(Actions(), IsEmpty());
  session_.OnStreamEnd(1, kStart + 30ms, Replaced());
  EXPECT_FALSE(session_.stopped());
  session_.OnWelcome(2, kStart + 40ms, *session_.welcome(), "token 2");
  EXPECT_THAT(Actions(), ElementsAre("goodbye 2"));
  session_.OnStreamEnd(2, kStart + 50ms, End(absl::StatusCode::kOk));
  EXPECT_TRUE(session_.goodbye_confirmed());
}

TEST_F(Move, GoodbyeIsSaidToTheOldServerWhenTheOtherRefuses) {
  SayHelloElsewhere(10ms);
  session_.OnGoodbye(kStart + 20ms, kStart + 520ms);
  session_.OnStreamEnd(2, kStart + 30ms, Draining());
  EXPECT_THAT(Actions(), ElementsAre("goodbye 1"));
  session_.OnStreamEnd(1, kStart + 50ms, End(absl::StatusCode::kOk));
  EXPECT_TRUE(session_.goodbye_confirmed());
}

TEST_F(Move, GoodbyeDropsAConnectionThatIsStillBeingMade) {
  GoLive();
  session_.OnDrain(1, kStart, 0s);
  session_.Advance(kStart);
  Actions();
  session_.OnGoodbye(kStart + 20ms, kStart + 520ms);
  EXPECT_THAT(Actions(), ElementsAre("cancel 2", "goodbye 1"));
}

class MoveOfThree : public Move {
 protected:
  MoveOfThree() : Move(3) {}
};

TEST_F(MoveOfThree, AllOthersAreTriedInOneRound) {
  GoLive();
  session_.OnDrain(1, kStart, 0s);
  session_.Advance(kStart);
  session_.OnStreamEnd(2, kStart, Draining());
  session_.Advance(kStart);
  EXPECT_THAT(Actions(), ElementsAre("dial 2 target 1", "dial 3 target 2"));
  WelcomeAt(3, kStart + 10ms);
  EXPECT_EQ(session_.live_stream(), StreamId{3});
  Actions();
  session_.OnDrain(3, kStart + 20ms, 0s);
  session_.Advance(kStart + 20ms);
  EXPECT_THAT(Actions(), ElementsAre("ping 3 #1", "dial 4 target 0")) << "the next in the list";
}

class MoveAlone : public Move {
 protected:
  MoveAlone() : Move(1) {}
};

TEST_F(MoveAlone, TheOnlyTargetIsAskedAgain) {
  GoLive();
  session_.OnDrain(1, kStart, 0s);
  session_.Advance(kStart);
  EXPECT_THAT(Actions(), ElementsAre("dial 2 target 0")) << "another server may stand behind the name";
  session_.OnStreamEnd(2, kStart, Draining());
  EXPECT_GT(session_.NextDeadline(), kStart);
  EXPECT_EQ(session_.state(), State::kLive);
}

TEST_F(MoveAlone, ANewIncarnationIsToldEvenWithoutALoss) {
  GoLive();
  session_.OnDrain(1, kStart, 0s);
  session_.Advance(kStart);
  WelcomeAt(2, kStart + 100ms, 8);
  EXPECT_THAT(Changes(), ElementsAre("LIVE"));
}

}  // namespace
}  // namespace liveness::internal
