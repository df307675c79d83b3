// Which server is tried after which, and how long nobody is.
#include "tests/unit/client/session/session_fixture.h"

namespace liveness::internal {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ThreeTargets : public SessionTest {
 protected:
  ThreeTargets() : SessionTest(3) {}

  // All that is done at the next deadline.
  BootTime Step() {
    const BootTime now = session_.NextDeadline();
    session_.Advance(now);
    return now;
  }
};

TEST_F(ThreeTargets, ARoundTakesNoTimeAndAWaitFollowsIt) {
  session_.Start(kStart);
  session_.OnStreamEnd(1, kStart, Broken());
  EXPECT_EQ(Step(), kStart);
  session_.OnStreamEnd(2, kStart, Broken());
  EXPECT_EQ(Step(), kStart);
  session_.OnStreamEnd(3, kStart, End(absl::StatusCode::kUnavailable, "STORE_UNAVAILABLE"));
  EXPECT_THAT(Actions(), ElementsAre("dial 1 target 0", "dial 2 target 1", "dial 3 target 2"));
  random_ = 0.5;
  common::Duration longest{};
  BootTime now = kStart;
  for (StreamId stream = 4; stream < 40; ++stream) {
    const BootTime next = Step();
    longest = std::max(longest, next - now);
    now = next;
    session_.OnStreamEnd(stream, now, Broken());
  }
  EXPECT_GT(longest, 1s) << "it does back off";
  EXPECT_LE(longest, 2s);
}

TEST_F(ThreeTargets, AStreamThatBrokeWhileTheServerAnsweredIsDialledAgainThenTheNext) {
  GoLive();
  session_.OnStreamEnd(1, kStart + 500ms, Broken());
  EXPECT_LE(session_.NextDeadline(), kStart + 600ms);
  const BootTime again = Step();
  EXPECT_THAT(Actions(), ElementsAre("dial 2 target 0")) << "it holds the session";
  session_.OnStreamEnd(2, again, Broken());
  EXPECT_EQ(Step(), again) << "a server that died costs one failed attempt and no time";
  EXPECT_THAT(Actions(), ElementsAre("dial 3 target 1"));
}

TEST_F(ThreeTargets, AServerThatDidNotAnswerAnyMoreIsDialledLast) {
  GoLive();
  for (const auto at : {1s, 2s}) session_.Advance(kStart + at);
  session_.OnStreamEnd(1, kStart + 2500ms, Broken());
  Actions();
  const BootTime now = Step();
  session_.OnStreamEnd(2, now, Broken());
  Step();
  session_.OnStreamEnd(3, now, Broken());
  Step();
  EXPECT_THAT(Actions(), ElementsAre("dial 2 target 1", "dial 3 target 2", "dial 4 target 0"));
}

TEST_F(ThreeTargets, ASilentServerIsDialledLast) {
  GoLive();
  for (const auto at : {1s, 2s, 3s}) session_.Advance(kStart + at);
  EXPECT_THAT(Changes(), ElementsAre("LOST SERVER_SILENT", "CONNECTING SERVER_SILENT"));
  EXPECT_EQ(Actions().back(), "dial 2 target 1");
}

TEST_F(ThreeTargets, AServerThatEndsTheStreamWithAReasonIsDialledLast) {
  GoLive();
  session_.OnStreamEnd(1, kStart + 500ms, End(absl::StatusCode::kUnavailable, "DRAINING"));
  EXPECT_LE(session_.NextDeadline(), kStart + 600ms);
  Step();
  EXPECT_THAT(Actions(), ElementsAre("dial 2 target 1"));
}

TEST_F(ThreeTargets, OneThatSaysWhenToReturnHoldsUpOnlyItself) {
  session_.Start(kStart);
  StreamEnd quota = End(absl::StatusCode::kResourceExhausted, "TOO_MANY_CLIENTS");
  quota.retry_delay = 7s;
  session_.OnStreamEnd(1, kStart, quota);
  BootTime now = kStart;
  for (StreamId stream = 2; session_.NextDeadline() < kStart + 7s; ++stream) {
    now = Step();
    session_.OnStreamEnd(stream, now, Broken());
  }
  std::vector<std::string> dials = Actions();
  EXPECT_GE(dials.size(), 10u);
  EXPECT_THAT(std::vector<std::string>(dials.begin() + 1, dials.end()),
              ::testing::Each(::testing::Not(::testing::EndsWith("target 0"))));
  Step();
  Step();
  EXPECT_THAT(Actions(), ::testing::Contains(::testing::EndsWith("target 0")));
}

TEST_F(ThreeTargets, AnOutageIsLookedAtAgainWithinTwoSecondsWhateverIsSaid) {
  session_.Start(kStart);
  StreamEnd outage = End(absl::StatusCode::kUnavailable, "STORE_UNAVAILABLE");
  outage.retry_delay = 5s;
  for (StreamId stream = 1; stream <= 3; ++stream) {
    session_.OnStreamEnd(stream, kStart, outage);
    session_.Advance(kStart);
  }
  EXPECT_EQ(session_.NextDeadline(), kStart + 2s);
}

TEST_F(ThreeTargets, WithoutItsRefusedTokenTheSameServerIsAskedAgain) {
  GoLive();
  session_.OnStreamEnd(1, kStart + 500ms, End(absl::StatusCode::kUnavailable, "DRAINING"));
  const BootTime now = Step();
  session_.OnStreamEnd(2, now, End(absl::StatusCode::kPermissionDenied, "RESUME_TOKEN_FORGED"));
  Actions();
  EXPECT_EQ(Step(), now);
  EXPECT_THAT(Actions(), ElementsAre("dial 3 target 1"));
  EXPECT_EQ(session_.resume_token(), "");
}

TEST_F(ThreeTargets, ALossBringsNoAttemptForwardOfOneThatIsUnderWay) {
  GoLive();
  session_.OnDrain(1, kStart, 0s);
  session_.Advance(kStart);
  session_.OnStreamEnd(1, kStart + 100ms, Broken());
  EXPECT_THAT(Changes(), ElementsAre("LOST STREAM_ENDED"));
  session_.Advance(kStart + 300ms);
  EXPECT_THAT(Actions(), ElementsAre("dial 2 target 1"));
  WelcomeAt(2, kStart + 300ms);
  EXPECT_THAT(Changes(), ElementsAre("LIVE"));
  EXPECT_THAT(Actions(), IsEmpty());
}

TEST_F(SessionTest, DeadAddressesOfANameGetLessTimeWithEachAttemptThatTheyUseUp) {
  session_.Start(kStart);
  std::vector<int> hastes;
  BootTime now = kStart;
  while (hastes.size() < 6) {
    for (const Action& action : session_.TakeActions()) {
      if (action.kind == Action::Kind::kDial) hastes.push_back(action.haste);
    }
    now = session_.NextDeadline();
    session_.Advance(now);
  }
  EXPECT_THAT(hastes, ElementsAre(0, 1, 2, 3, 0, 1)) << "and a slow network has its whole time again";
}

TEST_F(SessionTest, AServerThatConnectsAndNeverAnswersIsNoDeadAddress) {
  session_.Start(kStart);
  for (StreamId stream = 1; stream < 6; ++stream) {
    for (const Action& action : session_.TakeActions()) {
      EXPECT_EQ(action.haste, 0);
    }
    session_.OnHelloSent(stream, session_.NextDeadline());
    session_.Advance(session_.NextDeadline());  // gives it up, and dials anew
  }
}

}  // namespace
}  // namespace liveness::internal
