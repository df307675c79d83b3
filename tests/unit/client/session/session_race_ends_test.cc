// Streams that end in a race: losses, refusals, final words and the goodbye.
#include "tests/unit/client/session/session_race_fixture.h"

namespace liveness::internal {
namespace {

using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

class SessionRaceEndsOfTwoTest : public SessionRaceTest {
 protected:
  SessionRaceEndsOfTwoTest() : SessionRaceTest(2) {}
};

TEST_F(SessionRaceTest, AFinalWordEndsAllOfThem) {
  LoseAPing();
  session_.OnHelloSent(2, kStart + 1200ms);
  session_.OnStreamEnd(2, kStart + 1300ms, End(absl::StatusCode::kAborted, "SUPERSEDED"));
  EXPECT_THAT(Changes(), ElementsAre("STOPPED SUPERSEDED"));
  EXPECT_THAT(Actions(), ElementsAre("cancel 1"));
}

TEST_F(SessionRaceTest, ARefusalLetsTheServerRest) {
  LoseAPing();
  session_.OnStreamEnd(2, kStart + 1200ms, End(absl::StatusCode::kUnavailable, "DRAINING"));
  RunUntil(kStart + 2600ms);
  EXPECT_THAT(Actions(), ElementsAre("ping 1 #3"));
  RunUntil(kStart + 2700ms);
  EXPECT_THAT(Actions(), ElementsAre("dial 3 target 0"));
}

TEST_F(SessionRaceTest, AnOlderServerEndsTheOldStreamAtTheHello) {
  LoseAPing();
  session_.OnHelloSent(2, kStart + 1200ms);
  session_.OnStreamEnd(1, kStart + 1300ms, End(absl::StatusCode::kCancelled, "STREAM_REPLACED"));
  EXPECT_THAT(Changes(), IsEmpty()) << "its welcome is under way";
  WelcomeAt(2, kStart + 1400ms);
  EXPECT_THAT(Changes(), IsEmpty());
  EXPECT_EQ(session_.live_stream(), 2u);
}

TEST_F(SessionRaceTest, WhoseEveryStreamWasReplacedOrLostHasLostItsSession) {
  LoseAPing();
  RunUntil(session_.NextDeadline());
  session_.OnHelloSent(2, kStart + 1500ms);
  session_.OnHelloSent(3, kStart + 1501ms);
  session_.OnStreamEnd(1, kStart + 1550ms, End(absl::StatusCode::kCancelled, "STREAM_REPLACED"));
  session_.OnStreamEnd(2, kStart + 1600ms, Broken());
  EXPECT_THAT(Changes(), IsEmpty()) << "the other may have it";
  session_.OnStreamEnd(3, kStart + 1650ms, Broken());
  EXPECT_THAT(Changes(), ElementsAre("LOST CONNECT_FAILED"));
  EXPECT_FALSE(session_.live_stream());
}

TEST_F(SessionRaceTest, ARaceThatIsOnGoesOnAloneWhenItsStreamEnds) {
  LoseAPing();
  session_.OnStreamEnd(1, kStart + 1150ms, Broken());
  EXPECT_THAT(Changes(), ElementsAre("LOST STREAM_ENDED"));
  RunUntil(kStart + 1200ms);
  EXPECT_THAT(Actions(), IsEmpty()) << "no other attempt beside those that run";
  RunUntil(kStart + 1500ms);
  EXPECT_THAT(Actions(), ElementsAre("dial 3 target 0")) << "the next of the race";
  session_.OnHelloSent(2, kStart + 1510ms);
  WelcomeAt(2, kStart + 1520ms);
  EXPECT_EQ(session_.live_stream(), 2u);
}

TEST_F(SessionRaceTest, ARunnerThatFailsBesideALiveStreamTakesNothingFromIt) {
  LoseAPing();
  session_.OnHelloSent(2, kStart + 1200ms);
  session_.OnStreamEnd(2, kStart + 1300ms, Broken());
  EXPECT_THAT(Changes(), IsEmpty());
  EXPECT_EQ(session_.live_stream(), 1u);
}

TEST_F(SessionRaceTest, AReplacedStreamThatNoneOfOursReplacedIsLost) {
  LoseAPing();  // stream 2 has sent no hello
  session_.OnStreamEnd(1, kStart + 1300ms, End(absl::StatusCode::kCancelled, "STREAM_REPLACED"));
  EXPECT_THAT(Changes(), ElementsAre("LOST STREAM_REPLACED"));
}

TEST_F(SessionRaceTest, APathThatHasLostNothingForTenTimeoutsIsNotRacedOn) {
  LoseAPing();
  session_.OnPong(1, kStart + 1200ms, 2);
  EXPECT_THAT(Actions(), ElementsAre("cancel 2"));
  for (int second = 2; second <= 33; ++second) {
    RunUntil(kStart + second * 1s);
    for (const std::string& action : Actions()) {
      ASSERT_TRUE(action.starts_with("ping 1 #")) << action;
      session_.OnPong(1, kStart + second * 1s + 1ms, std::stoull(action.substr(8)));
    }
  }
  session_.OnStreamEnd(1, kStart + 33'500ms, Broken());
  RunUntil(kStart + 35s);
  EXPECT_THAT(Actions(), ElementsAre(::testing::StartsWith("dial"))) << "an attempt, and none beside it";
}

TEST_F(SessionRaceTest, AStreamThatEndsInARaceIsLostAndTheRaceGoesOn) {
  LoseAPing();
  session_.OnHelloSent(2, kStart + 1200ms);
  session_.OnStreamEnd(1, kStart + 1300ms, Broken());
  EXPECT_THAT(Changes(), ElementsAre("LOST STREAM_ENDED"));
  WelcomeAt(2, kStart + 1350ms);
  EXPECT_THAT(Changes(), ElementsAre("LIVE"));
  EXPECT_EQ(session_.live_stream(), 2u);
}

TEST_F(SessionRaceTest, ALossOnAPathThatLosesIsMadeGoodByARaceToo) {
  LoseAPing();
  session_.OnPong(1, kStart + 1200ms, 2);
  session_.OnStreamEnd(1, kStart + 1300ms, Broken());
  Actions();
  RunUntil(kStart + 2100ms);
  EXPECT_THAT(Actions(), ElementsAre("dial 3 target 0", "dial 4 target 0", "dial 5 target 0"));
  EXPECT_THAT(Changes(), ElementsAre("LOST STREAM_ENDED", "CONNECTING STREAM_ENDED"));
  WelcomeAt(5, kStart + 2100ms);
  EXPECT_THAT(Actions(), UnorderedElementsAre("cancel 3", "cancel 4"));
  EXPECT_THAT(Changes(), ElementsAre("LIVE"));
}

TEST_F(SessionRaceTest, AServerThatSaysWhenToComeBackIsNotRunAgainst) {
  LoseAPing();
  session_.OnPong(1, kStart + 1200ms, 2);
  StreamEnd full = End(absl::StatusCode::kResourceExhausted, "TOO_MANY_CLIENTS");
  full.retry_delay = 5s;
  session_.OnStreamEnd(1, kStart + 1300ms, full);
  Actions();
  RunUntil(kStart + 6s);
  EXPECT_THAT(Actions(), IsEmpty());
}

TEST_F(SessionRaceTest, AServerThatCalledUsSilentIsRunAgainst) {
  LoseAPing();
  session_.OnPong(1, kStart + 1200ms, 2);
  session_.OnStreamEnd(1, kStart + 1300ms, End(absl::StatusCode::kDeadlineExceeded, "SILENT"));
  Actions();
  RunUntil(kStart + 2100ms);
  EXPECT_THAT(Actions(), ElementsAre("dial 3 target 0", "dial 4 target 0", "dial 5 target 0"));
}

TEST_F(SessionRaceEndsOfTwoTest, TheOtherServerIsTriedBesideARaceThatLostItsStream) {
  LoseAPing();
  RunUntil(kStart + 2s);  // another ping is lost
  Actions();
  session_.OnStreamEnd(1, kStart + 2100ms, Broken());
  RunUntil(kStart + 2200ms);
  EXPECT_THAT(Actions(), Contains(EndsWith("target 1")));
}

TEST_F(SessionRaceTest, WhatIsWrongWithAHelloIsNotTheEndWhereAStreamServes) {
  LoseAPing();
  session_.OnHelloSent(2, kStart + 1200ms);
  session_.OnStreamEnd(2, kStart + 1300ms, End(absl::StatusCode::kInvalidArgument, "BAD_HELLO"));
  EXPECT_FALSE(session_.stopped());
}

TEST_F(SessionRaceTest, WhatIsWrongWithAHelloIsTheEndWhereNoneServes) {
  LoseAPing();
  session_.OnStreamEnd(1, kStart + 1150ms, Broken());
  session_.OnHelloSent(2, kStart + 1200ms);
  session_.OnStreamEnd(2, kStart + 1300ms, End(absl::StatusCode::kInvalidArgument, "BAD_HELLO"));
  EXPECT_TRUE(session_.stopped());
}

TEST_F(SessionRaceTest, ARunnerThatIsNotWelcomedInTimeIsDropped) {
  LoseAPing();
  looks_[1] = looks_[2] = Arrival::kAcknowledged;  // else it were dropped for another
  RunUntil(kStart + 6099ms);
  EXPECT_THAT(Actions(), Not(Contains("cancel 2")));
  RunUntil(kStart + 6100ms);
  EXPECT_THAT(Actions(), Contains("cancel 2"));
}

TEST_F(SessionRaceTest, AServerThatHasDiedOnSuchAPathIsLeftToTheBackoff) {
  LoseAPing();
  session_.OnStreamEnd(1, kStart + 1200ms, Broken());
  session_.OnStreamEnd(2, kStart + 1250ms, Broken());
  Actions();
  random_ = 0.5;
  for (int i = 0; i < 20; ++i) {  // each of its attempts is refused at once
    session_.Advance(session_.NextDeadline());
    for (const std::string& action : Actions()) {
      if (!action.starts_with("dial")) continue;
      session_.OnStreamEnd(std::stoull(action.substr(5)), session_.NextDeadline(), Broken());
    }
  }
  EXPECT_GT(session_.NextDeadline(), kStart + 20s);
}

TEST_F(SessionRaceTest, WhatIsLostInARaceIsNoRefusal) {
  LoseAPing();
  session_.OnStreamEnd(1, kStart + 1200ms, Broken());
  Actions();
  RunUntil(kStart + 3200ms);
  Actions();
  session_.OnStreamEnd(4, kStart + 3200ms, Broken());  // gRPC gave it up after 2 s
  RunUntil(kStart + 3600ms);
  EXPECT_THAT(Actions(), ::testing::Contains(::testing::StartsWith("dial")));
}

TEST_F(SessionRaceTest, ALateHelloOfARunnerIsNoRefusal) {
  LoseAPing();
  RunUntil(session_.NextDeadline());
  Actions();
  session_.OnHelloSent(2, kStart + 1500ms);
  session_.OnHelloSent(3, kStart + 1501ms);
  session_.OnStreamEnd(2, kStart + 1600ms, End(absl::StatusCode::kCancelled, "STALE_HELLO"));
  RunUntil(kStart + 2s);
  EXPECT_THAT(Actions(), ::testing::Contains(::testing::StartsWith("dial"))) << "the race goes on";
}

TEST_F(SessionRaceTest, ATokenThatIsRefusedWhereNothingIsLeftIsDropped) {
  LoseAPing();
  session_.OnStreamEnd(1, kStart + 1200ms, Broken());
  session_.OnHelloSent(2, kStart + 1250ms);
  const auto forged = End(absl::StatusCode::kPermissionDenied, "RESUME_TOKEN_FORGED");
  session_.OnStreamEnd(2, kStart + 1300ms, forged);
  Actions();
  RunUntil(kStart + 1400ms);
  EXPECT_THAT(Actions(), ElementsAre("dial 3 target 0"));
  session_.OnHelloSent(3, kStart + 1400ms);
  session_.OnStreamEnd(3, kStart + 1450ms, forged);
  EXPECT_EQ(session_.resume_token(), "");
}

TEST_F(SessionRaceTest, AGoodbyeWithoutAStreamIsSaidOnTheFirstThatIsWelcomed) {
  LoseAPing();
  session_.OnHelloSent(2, kStart + 1150ms);
  session_.OnStreamEnd(1, kStart + 1200ms, Broken());
  Actions();
  session_.OnGoodbye(kStart + 1300ms, kStart + 1800ms);
  WelcomeAt(2, kStart + 1400ms);
  EXPECT_THAT(Actions(), ElementsAre("goodbye 2"));
}

TEST_F(SessionRaceTest, GoodbyeIsSaidOnTheOldStream) {
  LoseAPing();
  session_.OnGoodbye(kStart + 1200ms, kStart + 1700ms);
  EXPECT_THAT(Actions(), ElementsAre("cancel 2", "goodbye 1"));
}

}  // namespace
}  // namespace liveness::internal
