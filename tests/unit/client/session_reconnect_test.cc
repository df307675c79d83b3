// Attempts, backoff, refusals: how it comes back, and when it does not.
#include "tests/unit/client/session_fixture.h"

namespace liveness::internal {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

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
  for (const auto& [code, reason] :
       {std::pair(absl::StatusCode::kAborted, "SUPERSEDED"), std::pair(absl::StatusCode::kAborted, "EVICTED"),
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

TEST_F(SessionTest, AQualityThatCannotBeHadIsFinalOnlyAtTheFirstAttempt) {
  const StreamEnd refused = End(absl::StatusCode::kFailedPrecondition, "QUALITY_UNREACHABLE");
  Session first({1, true, 5s, [] { return 0.0; }});
  first.Start(kStart);
  first.OnStreamEnd(1, kStart, refused);
  EXPECT_TRUE(first.stopped());
  EXPECT_EQ(first.TakeChanges().back().reason, "QUALITY_UNREACHABLE");

  GoLive();
  session_.OnStreamEnd(1, kStart + 1s, Broken());
  session_.Advance(kStart + 1100ms);
  session_.OnStreamEnd(2, kStart + 1200ms, refused);
  EXPECT_FALSE(session_.stopped()) << "its path may be better again soon";
  session_.Advance(session_.NextDeadline());
  WelcomeAt(3, kStart + 10s);
  EXPECT_EQ(session_.state(), State::kLive);
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

class WithoutResume : public SessionTest {
 protected:
  WithoutResume() : SessionTest(1, false) {}
};

TEST_F(WithoutResume, KeepsNoToken) {
  GoLive();
  EXPECT_EQ(session_.resume_token(), "");
}

}  // namespace
}  // namespace liveness::internal
