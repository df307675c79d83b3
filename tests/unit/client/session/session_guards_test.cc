// What the session machine does not heed, and when it wants to be called again.
#include "tests/unit/client/session/session_fixture.h"

namespace liveness::internal {
namespace {

using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class GuardsOfTwo : public SessionTest {
 protected:
  GuardsOfTwo() : SessionTest(2) {}
};
// What was sent on a stream is lost.
class GuardsOnABadPath : public SessionTest {
 protected:
  GuardsOnABadPath()
      : SessionTest({.targets = 1, .look = [](StreamId) { return PathLook{Arrival::kUnacknowledged}; }}) {}

  // Live, the ping of 1 s is lost, and stream 2 was dialled beside it.
  void LoseAPing() {
    GoLive();
    session_.Advance(kStart + 1s);
    Actions();
    session_.Advance(session_.NextDeadline());
    ASSERT_THAT(Actions(), ElementsAre("dial 2 target 0"));
  }
  void RunUntil(BootTime end) {
    while (session_.NextDeadline() <= end) session_.Advance(session_.NextDeadline());
  }
};
class GuardsWithoutResume : public SessionTest {
 protected:
  GuardsWithoutResume() : SessionTest(1, false) {}
};

// --- Streams that are not the one ------------------------------------------------

TEST_F(SessionTest, AWelcomeOnAStreamThatWasGivenUpIsNone) {
  session_.Start(kStart);
  session_.OnStreamEnd(1, kStart, Broken());
  session_.Advance(session_.NextDeadline());
  ASSERT_THAT(Actions(), ElementsAre("dial 1 target 0", "dial 2 target 0"));
  EXPECT_EQ(session_.OnHelloSent(1, kStart + 1s), std::nullopt);
  WelcomeAt(1, kStart + 1s);
  EXPECT_NE(session_.state(), State::kLive);
  WelcomeAt(2, kStart + 1s);
  EXPECT_EQ(session_.live_stream(), StreamId{2});
}

TEST_F(SessionTest, APongOnAnotherStreamProvesNothing) {
  GoLive();
  session_.Advance(kStart + 1s);
  const BootTime before = session_.alive_until();
  session_.OnPong(9, kStart + 1s, 2);
  EXPECT_EQ(session_.alive_until(), before);
  session_.OnPong(1, kStart + 1s, 2);
  EXPECT_GT(session_.alive_until(), before);
}

TEST_F(GuardsOfTwo, ADrainOfAnotherStreamMovesNobody) {
  GoLive();
  session_.OnDrain(9, kStart, 0s);
  session_.Advance(kStart + 500ms);
  EXPECT_THAT(Actions(), IsEmpty());
}

TEST_F(GuardsOfTwo, AStreamThatIsHeardAgainNeedsNoOther) {
  GoLive();
  for (const auto at : {1s, 2s, 3s}) session_.Advance(kStart + at);
  session_.Advance(session_.NextDeadline());
  ASSERT_EQ(Actions().back(), "dial 2 target 1");
  session_.OnPong(1, kStart + 3200ms, 4);
  EXPECT_THAT(Actions(), ElementsAre("cancel 2")) << "no hello was said there";
  EXPECT_EQ(session_.state(), State::kLive);
  session_.Advance(kStart + 3300ms);
  EXPECT_THAT(Actions(), IsEmpty());
}

TEST_F(GuardsOfTwo, AServerThatOwesNoMoreThanTheLastAnswerIsComeBackToFirst) {
  GoLive();
  session_.Advance(kStart + 1s);
  session_.OnStreamEnd(1, kStart + 1050ms, Broken());
  session_.Advance(session_.NextDeadline());
  EXPECT_THAT(Actions(), ElementsAre("ping 1 #2", "dial 2 target 0"));
}

TEST_F(GuardsOfTwo, AFinalWordEndsTheAttemptElsewhereToo) {
  GoLive();
  session_.OnDrain(1, kStart, 0s);
  session_.Advance(kStart);
  ASSERT_THAT(Actions(), ElementsAre("dial 2 target 1"));
  session_.OnStreamEnd(1, kStart + 10ms, End(absl::StatusCode::kAborted, "EVICTED"));
  EXPECT_TRUE(session_.stopped());
  EXPECT_THAT(Actions(), Contains("cancel 2"));
}

// --- Silence without a token -------------------------------------------------------

TEST_F(GuardsWithoutResume, ASilentServerIsLeftAtTheTimeout) {
  GoLive();
  for (const auto at : {1s, 2s, 3s}) session_.Advance(kStart + at);
  const std::vector<std::string> actions = Actions();
  EXPECT_THAT(actions, Contains("cancel 1")) << "its session could not be gone on with";
  EXPECT_THAT(actions, Contains("dial 2 target 0"));
  EXPECT_THAT(Changes(), ElementsAre("LOST SERVER_SILENT", "CONNECTING SERVER_SILENT"));
  EXPECT_EQ(session_.counters().losses, 1u);
}

TEST_F(GuardsWithoutResume, AfterALapseThatIsNoSecondLoss) {
  GoLive();
  session_.Advance(kStart + 60s);
  EXPECT_THAT(Changes(), ElementsAre("LOST LAPSED"));
  for (const auto at : {61s, 62s, 63s}) session_.Advance(kStart + at);
  EXPECT_THAT(Actions(), Contains("cancel 1"));
  EXPECT_EQ(session_.counters().losses, 1u);
}

// --- Goodbyes ----------------------------------------------------------------------

TEST_F(SessionTest, AGoodbyeIsSaidOnceAndKeepsItsDeadline) {
  GoLive();
  session_.OnGoodbye(kStart, kStart + 1s);
  session_.OnGoodbye(kStart, kStart + 1h);
  EXPECT_THAT(Actions(), ElementsAre("goodbye 1"));
  EXPECT_LE(session_.NextDeadline(), kStart + 1s);
  session_.Advance(kStart + 1s);
  EXPECT_TRUE(session_.stopped());
}

TEST_F(SessionTest, WhileAGoodbyeIsAwaitedNothingElseIsDue) {
  GoLive();
  session_.OnGoodbye(kStart, kStart + 2500ms);
  for (const auto at : {1000ms, 1500ms, 2000ms}) {
    session_.Advance(kStart + at);
    EXPECT_GT(session_.NextDeadline(), kStart + at) << "else its thread would spin";
  }
  EXPECT_THAT(Actions(), ElementsAre("goodbye 1")) << "no ping after it";
}

TEST_F(SessionTest, AServerThatIsSilentToAGoodbyeIsNotGoneOnWith) {
  GoLive();
  session_.OnGoodbye(kStart, kStart + 10s);
  session_.Advance(kStart + 3s);
  EXPECT_TRUE(session_.stopped());
  EXPECT_THAT(Changes(), Contains("STOPPED SAID_GOODBYE"));
}

TEST_F(SessionTest, AGoodbyeThatNobodyCanBeToldStopsAllTheSame) {
  session_.Start(kStart);
  session_.OnHelloSent(1, kStart);
  session_.OnGoodbye(kStart, kStart + 10s);
  session_.OnStreamEnd(1, kStart + 1s, Broken());
  EXPECT_TRUE(session_.stopped());
  EXPECT_THAT(Changes(), Contains("STOPPED SAID_GOODBYE"));
}

TEST_F(GuardsOfTwo, WhoSaysGoodbyeIsNotMovedByADrain) {
  GoLive();
  session_.OnGoodbye(kStart, kStart + 2s);
  session_.OnDrain(1, kStart, 0s);
  session_.Advance(kStart + 500ms);
  EXPECT_THAT(Actions(), ElementsAre("goodbye 1"));
}

TEST_F(GuardsOnABadPath, AGoodbyeOpensNoOtherConnection) {
  GoLive();
  session_.Advance(kStart + 1s);
  Actions();
  session_.OnGoodbye(kStart + 1s, kStart + 2900ms);
  RunUntil(kStart + 2800ms);
  EXPECT_THAT(Actions(), ElementsAre("goodbye 1"));
}

TEST_F(GuardsOnABadPath, AGoodbyeThatTheLastOfThemIsRefusedStops) {
  LoseAPing();
  session_.OnHelloSent(2, kStart + 1150ms);
  session_.OnStreamEnd(1, kStart + 1200ms, Broken());
  session_.OnGoodbye(kStart + 1300ms, kStart + 1h);
  session_.OnStreamEnd(2, kStart + 1350ms, End(absl::StatusCode::kUnavailable, "STORE_UNAVAILABLE"));
  EXPECT_TRUE(session_.stopped());
}

TEST_F(SessionTest, AServerThatBreaksOffHasConfirmedNothing) {
  GoLive();
  session_.OnGoodbye(kStart, kStart + 1s);
  session_.OnStreamEnd(1, kStart + 100ms, Broken());
  EXPECT_TRUE(session_.stopped());
  EXPECT_FALSE(session_.goodbye_confirmed());
}

TEST_F(SessionTest, WhoHasStoppedIsToldNothingMore) {
  GoLive();
  session_.OnGoodbye(kStart, kStart + 1s);
  session_.OnStreamEnd(1, kStart + 100ms, End(absl::StatusCode::kOk));
  EXPECT_THAT(Changes(), ElementsAre("STOPPED SAID_GOODBYE"));
  session_.Advance(kStart + 1s);
  EXPECT_THAT(Changes(), IsEmpty());
}

TEST_F(SessionTest, AGoodbyeAfterTheEndIsNone) {
  GoLive();
  session_.OnStreamEnd(1, kStart, End(absl::StatusCode::kAborted, "EVICTED"));
  Changes();
  session_.OnGoodbye(kStart, kStart + 1s);
  EXPECT_THAT(Changes(), IsEmpty());
}

// --- Drains ------------------------------------------------------------------------

TEST_F(GuardsOfTwo, ALaterDrainDoesNotPutAMoveOff) {
  GoLive();
  random_ = 0.1;
  session_.OnDrain(1, kStart, 10s);
  session_.OnDrain(1, kStart + 100ms, 1h);
  session_.Advance(kStart + 1100ms);
  EXPECT_THAT(Actions(), Contains("dial 2 target 1"));
}

TEST_F(GuardsOnABadPath, AServerThatGoesAwayIsNotRunAgainst) {
  LoseAPing();
  session_.OnPong(1, kStart + 1200ms, 2);
  session_.OnStreamEnd(1, kStart + 1300ms, End(absl::StatusCode::kUnavailable, "DRAINING"));
  Actions();
  RunUntil(kStart + 2100ms);
  EXPECT_THAT(Actions(), ElementsAre("dial 3 target 0")) << "one attempt, however bad the path is";
}

// --- When it wants to be called ------------------------------------------------------

// Without a token there is no race, which would look more often.
TEST_F(GuardsWithoutResume, WantsToBeCalledWhenItsTimeIsOverAndWhenTheServerIsGivenUp) {
  session_.Start(kStart);
  Welcome welcome;
  welcome.incarnation = 7;
  welcome.interval = 1s;
  welcome.timeout = 2500ms;
  session_.OnHelloSent(1, kStart);
  session_.OnWelcome(1, kStart, welcome, "token", 1500ms);
  for (const auto at : {0ms, 1000ms}) session_.Advance(kStart + at);
  EXPECT_EQ(session_.NextDeadline(), kStart + 1500ms);
  session_.Advance(kStart + 1500ms);
  EXPECT_EQ(session_.state(), State::kLost);
  EXPECT_EQ(session_.NextDeadline(), kStart + 2s) << "its next ping";
  session_.Advance(kStart + 2s);
  EXPECT_EQ(session_.NextDeadline(), kStart + 2500ms);
  session_.Advance(kStart + 2500ms);
  EXPECT_GT(session_.NextDeadline(), kStart + 2500ms);
}

}  // namespace
}  // namespace liveness::internal
