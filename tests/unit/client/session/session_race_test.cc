// Connections beside a stream whose answer is overdue: when they are opened, which one carries on.
#include "tests/unit/client/session/session_race_fixture.h"

namespace liveness::internal {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class SessionRaceOfTwoTest : public SessionRaceTest {
 protected:
  SessionRaceOfTwoTest() : SessionRaceTest(2) {}
};

TEST_F(SessionRaceTest, AnAnswerInTimeOpensNothing) {
  GoLive();
  for (int second = 1; second <= 60; ++second) {
    const BootTime now = kStart + second * 1s;
    session_.Advance(now);
    session_.OnPong(1, now + 90ms, static_cast<std::uint64_t>(second) + 1);
    session_.Advance(now + 90ms);
  }
  EXPECT_EQ(session_.counters().attempts, 1u) << "no second connection in a quiet minute";
}

TEST_F(SessionRaceTest, OnALongPathTheFirstAnswerIsAwaitedForAsLongAsTheWelcome) {
  session_.Start(kStart);
  session_.OnHelloSent(1, kStart);
  Welcome welcome;
  welcome.interval = 1s;
  welcome.timeout = 3s;
  session_.OnWelcome(1, kStart + 300ms, welcome, "token");
  session_.Advance(kStart + 300ms);
  RunUntil(kStart + 650ms);
  EXPECT_EQ(session_.counters().attempts, 1u);
}

TEST_F(SessionRaceTest, AnOverdueAnswerOpensAnotherConnectionAndThenMoreAStepApart) {
  GoLive();
  session_.Advance(kStart + 1s);
  Actions();
  session_.Advance(kStart + 1099ms);
  EXPECT_THAT(Actions(), IsEmpty());
  EXPECT_EQ(session_.NextDeadline(), kStart + 1100ms);
  session_.Advance(kStart + 1100ms);
  EXPECT_THAT(Actions(), ElementsAre("dial 2 target 0"));
  session_.Advance(kStart + 1400ms);
  EXPECT_THAT(Actions(), IsEmpty());
  session_.Advance(kStart + 1470ms);
  EXPECT_THAT(Actions(), ElementsAre("dial 3 target 0"));
  EXPECT_THAT(Changes(), IsEmpty()) << "the application is told nothing";
}

TEST_F(SessionRaceTest, ThreeAtMost) {
  LoseAPing();
  std::vector<std::string> open = {"2"};
  for (int i = 0; i < 40; ++i) {
    session_.Advance(session_.NextDeadline());
    for (const std::string& action : Actions()) {
      const std::string stream = action.substr(action.find(' ') + 1);
      if (action.starts_with("dial")) open.push_back(stream.substr(0, stream.find(' ')));
      if (action.starts_with("cancel")) std::erase(open, stream);
    }
    ASSERT_LE(open.size(), Race::kMost);
  }
}

TEST_F(SessionRaceTest, TheOldStreamGetsThroughFirst) {
  LoseAPing();
  session_.Advance(session_.NextDeadline());
  Actions();
  session_.OnHelloSent(2, kStart + 1500ms);
  session_.OnPong(1, kStart + 1600ms, 2);
  EXPECT_THAT(Actions(), UnorderedElementsAre("cancel 2", "cancel 3"));
  EXPECT_EQ(session_.alive_until(), kStart + 4s);
  EXPECT_THAT(Changes(), IsEmpty());
  WelcomeAt(2, kStart + 1700ms);
  EXPECT_EQ(session_.live_stream(), 1u) << "what was dropped is over";
}

// It may connect before it is cancelled; a server would begin a session for a hello without a number.
TEST_F(SessionRaceTest, OneThatIsDroppedSaysNoHello) {
  LoseAPing();
  session_.OnPong(1, kStart + 1200ms, 2);
  EXPECT_EQ(session_.OnHelloSent(2, kStart + 1200ms), std::nullopt);
}

TEST_F(SessionRaceTest, AnotherGetsThroughFirstAndCarriesOn) {
  LoseAPing();
  session_.Advance(session_.NextDeadline());
  Actions();
  WelcomeAt(3, kStart + 1600ms);
  EXPECT_THAT(Actions(), UnorderedElementsAre("cancel 1", "cancel 2"));
  EXPECT_EQ(session_.live_stream(), 3u);
  EXPECT_EQ(session_.alive_until(), kStart + 4600ms);
  EXPECT_THAT(Changes(), IsEmpty()) << "the same session: nothing to tell";
  session_.Advance(kStart + 1600ms);
  EXPECT_THAT(Actions(), ElementsAre("ping 3 #1")) << "which makes it the session's stream";
}

TEST_F(SessionRaceTest, ItIsKeptBeyondTheTimeoutAndMayStillCarryOn) {
  LoseAPing();
  RunUntil(kStart + 3s);
  EXPECT_THAT(Changes(), ElementsAre("LOST SERVER_SILENT", "CONNECTING SERVER_SILENT"));
  EXPECT_LE(session_.alive_until(), kStart + 3s);
  Actions();
  session_.OnPong(1, kStart + 3500ms, 4);
  EXPECT_THAT(Changes(), ElementsAre("LIVE"));
  EXPECT_EQ(session_.live_stream(), 1u);
  EXPECT_EQ(session_.alive_until(), kStart + 6s);
}

TEST_F(SessionRaceTest, AServerThatIsOnlySlowIsNotGivenMoreToDo) {
  looks_[1] = Arrival::kAcknowledged;
  GoLive();
  session_.Advance(kStart + 1s);
  Actions();
  RunUntil(kStart + 3999ms);
  EXPECT_EQ(session_.counters().attempts, 1u) << "all that was sent has arrived";
  RunUntil(kStart + 4s);
  EXPECT_EQ(session_.counters().attempts, 2u) << "it is given up, and asked anew";
  looks_[2] = Arrival::kAcknowledged;
  RunUntil(kStart + 8s);
  EXPECT_EQ(session_.counters().attempts, 2u);
}

TEST_F(SessionRaceTest, WhoDidNotRunWaitsForWhatHasComeMeanwhile) {
  GoLive();
  session_.Advance(kStart + 1s);
  Actions();
  session_.Advance(kStart + 1900ms);  // it should have been called at 1.1 s
  EXPECT_THAT(Actions(), IsEmpty());
  session_.OnPong(1, kStart + 1901ms, 2);
  session_.Advance(kStart + 1990ms);
  EXPECT_EQ(session_.counters().attempts, 1u);
}

// A welcome waits for its commit too.
TEST_F(SessionRaceTest, AWelcomeThatTookLongTellsNothingOfAPathThatIsKnown) {
  LoseAPing();
  session_.OnHelloSent(2, kStart + 1150ms);
  session_.OnWelcome(2, kStart + 2900ms, *session_.welcome(), "token");
  session_.Advance(kStart + 2900ms);
  Actions();
  session_.Advance(kStart + 3s);
  EXPECT_THAT(Actions(), ElementsAre("dial 3 target 0"));
}

TEST_F(SessionRaceTest, AnAnswerThatIsNotOverdueYetMakesNoBadPath) {
  GoLive();
  session_.Advance(kStart + 1s);
  session_.Advance(kStart + 1050ms);
  session_.OnPong(1, kStart + 1060ms, 2);
  session_.OnStreamEnd(1, kStart + 1100ms, Broken());
  Actions();
  RunUntil(kStart + 2500ms);
  EXPECT_THAT(Actions(), ElementsAre("dial 2 target 0"));
}

TEST_F(SessionRaceTest, AServerThatDrainsIsNotRunAgainst) {
  GoLive();
  random_ = 0.9;
  session_.OnDrain(1, kStart, 1h);
  session_.Advance(kStart + 1s);
  session_.Advance(kStart + 1100ms);
  EXPECT_THAT(Actions(), ElementsAre("ping 1 #2"));
}

TEST_F(SessionRaceOfTwoTest, BeyondTheTimeoutTheOtherServersAreTriedToo) {
  LoseAPing();
  RunUntil(kStart + 2900ms);
  Actions();
  RunUntil(kStart + 3050ms);
  EXPECT_THAT(Actions(), ::testing::Contains(::testing::EndsWith("target 1")));
}

TEST_F(SessionRaceTest, WithoutATokenThereIsNoRace) {
  Session session({.resume = false, .random = [] { return 0.0; }});
  session.Start(kStart);
  session.OnHelloSent(1, kStart);
  Welcome welcome;
  welcome.interval = 1s;
  welcome.timeout = 3s;
  session.OnWelcome(1, kStart, welcome, "token");
  while (session.NextDeadline() < kStart + 2999ms) session.Advance(session.NextDeadline());
  EXPECT_EQ(session.counters().attempts, 1u) << "each hello would begin another session";
}

TEST_F(SessionRaceTest, WithoutATokenThereIsNoRaceOnABadPathEither) {
  LoseAPing();
  session_.OnHelloSent(2, kStart + 1150ms);
  session_.OnWelcome(2, kStart + 1200ms, *session_.welcome(), "");
  session_.OnStreamEnd(2, kStart + 1300ms, Broken());
  Actions();
  RunUntil(kStart + 2500ms);
  EXPECT_THAT(Actions(), ElementsAre("dial 3 target 0"));
}

}  // namespace
}  // namespace liveness::internal
