// A server that fell silent for as long as the timeout, and is heard again on the stream that was kept.
#include "tests/unit/client/session/session_fixture.h"

namespace liveness::internal {
namespace {

using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;

class GivenUp : public SessionTest {
 protected:
  GivenUp() : SessionTest(2) {}

  // Target 0 has been silent since kStart, and stream 2 to target 1 was dialled at kStart + 3 s.
  void GiveUp() {
    GoLive();
    for (const auto at : {1s, 2s, 3s}) session_.Advance(kStart + at);
    session_.Advance(session_.NextDeadline());
    ASSERT_THAT(Actions(), Contains("dial 2 target 1"));
    ASSERT_THAT(Changes(), ElementsAre("LOST SERVER_SILENT", "CONNECTING SERVER_SILENT"));
  }
};

TEST_F(GivenUp, HeardAgainItIsGivenUpAnewOnceItFallsSilentAgain) {
  GiveUp();
  session_.OnPong(1, kStart + 3200ms, 4);
  EXPECT_THAT(Changes(), ElementsAre("LIVE"));
  for (const auto at : {4s, 5s, 6s}) session_.Advance(kStart + at);
  EXPECT_THAT(Changes(), ElementsAre("LOST SERVER_SILENT", "CONNECTING SERVER_SILENT"));
  EXPECT_EQ(session_.counters().losses, 2u);
}

TEST_F(GivenUp, AServerThatWasSentAHelloMayHaveTheSessionAndIsWaitedFor) {
  GiveUp();
  session_.OnHelloSent(2, kStart + 3100ms);
  session_.OnPong(1, kStart + 3200ms, 4);
  EXPECT_THAT(Actions(), IsEmpty());
  WelcomeAt(2, kStart + 3300ms);
  EXPECT_THAT(Actions(), ElementsAre("cancel 1"));
}

TEST_F(GivenUp, HeardAgainWhileItDrainsItIsLeftAllTheSame) {
  GoLive();
  random_ = 0.9;
  session_.OnDrain(1, kStart, 1h);
  for (const auto at : {1s, 2s, 3s, 4s}) session_.Advance(kStart + at);
  ASSERT_THAT(Actions(), Contains("dial 2 target 1"));
  session_.OnPong(1, kStart + 4100ms, 4);
  EXPECT_THAT(Actions(), Not(Contains("cancel 2")));
}

TEST_F(GivenUp, ADrainPlansNoSecondAttempt) {
  GiveUp();
  session_.OnDrain(1, kStart + 3100ms, 0s);
  session_.Advance(kStart + 3200ms);
  EXPECT_THAT(Actions(), IsEmpty()) << "one is under way";
}

TEST_F(GivenUp, WhyTheOthersRefuseIsTold) {
  GiveUp();
  session_.OnStreamEnd(2, kStart + 3100ms, Broken());
  EXPECT_THAT(Changes(), ElementsAre("CONNECTING CONNECT_FAILED"));
}

TEST_F(GivenUp, ReplacedByAnAttemptThatFailsItIsNoSecondLoss) {
  GiveUp();
  session_.OnHelloSent(2, kStart + 3100ms);
  session_.OnStreamEnd(1, kStart + 3200ms, End(absl::StatusCode::kCancelled, "STREAM_REPLACED"));
  session_.OnStreamEnd(2, kStart + 3300ms, Broken());
  EXPECT_EQ(session_.counters().losses, 1u);
}

}  // namespace
}  // namespace liveness::internal
