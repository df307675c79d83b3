// Attempts, backoff, refusals: how it comes back, and when it does not.
#include "tests/unit/client/session/session_fixture.h"

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
    Session attempt({1, true, 5s, [] { return 0.0; }, {}});
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
  Session first({1, true, 5s, [] { return 0.0; }, {}});
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

TEST_F(SessionTest, ARefusedTokenIsDroppedAndItComesBackAtOnce) {
  GoLive();
  session_.OnStreamEnd(1, kStart + 1s, Broken());
  session_.Advance(kStart + 1100ms);
  Actions();
  Changes();
  session_.OnStreamEnd(2, kStart + 1200ms,
                       End(absl::StatusCode::kPermissionDenied, "RESUME_TOKEN_OTHER_CLIENT"));
  EXPECT_FALSE(session_.stopped());
  EXPECT_EQ(session_.resume_token(), "");
  session_.Advance(kStart + 1200ms);
  EXPECT_THAT(Actions(), ElementsAre("dial 3 target 0"));
  session_.OnStreamEnd(3, kStart + 1300ms,
                       End(absl::StatusCode::kPermissionDenied, "RESUME_TOKEN_OTHER_CLIENT"));
  EXPECT_FALSE(session_.stopped()) << "it sent none: whoever says so is to be asked again, but not at once";
  EXPECT_GT(session_.NextDeadline(), kStart + 1300ms);
}

TEST_F(SessionTest, WhatNobodyOfOursSaidEndsNothingAndKeepsTheToken) {
  GoLive();
  session_.OnStreamEnd(1, kStart + 1s, Broken());
  Changes();
  BootTime now = kStart + 1s;
  StreamId stream = 1;
  for (const absl::StatusCode code :
       {absl::StatusCode::kPermissionDenied, absl::StatusCode::kUnauthenticated, absl::StatusCode::kAborted,
        absl::StatusCode::kUnimplemented, absl::StatusCode::kNotFound, absl::StatusCode::kInvalidArgument}) {
    now = std::max(now, session_.NextDeadline());
    session_.Advance(now);
    session_.OnStreamEnd(++stream, now, End(code));
    ASSERT_FALSE(session_.stopped()) << absl::StatusCodeToString(code);
    EXPECT_EQ(session_.resume_token(), "token");
    EXPECT_EQ(session_.last_error()->reason, "FOREIGN_REFUSAL");
    EXPECT_THAT(session_.last_error()->message, ::testing::HasSubstr(absl::StatusCodeToString(code)));
  }
  EXPECT_THAT(Changes(), ElementsAre("CONNECTING STREAM_ENDED", "CONNECTING FOREIGN_REFUSAL"))
      << "and the application is told why";
}

TEST_F(SessionTest, NorDoesAReasonUnderAnotherStatusOrOneOfANewerServer) {
  session_.Start(kStart);
  session_.OnStreamEnd(1, kStart, End(absl::StatusCode::kUnavailable, "SUPERSEDED"));
  EXPECT_FALSE(session_.stopped());
  session_.Advance(session_.NextDeadline());
  session_.OnStreamEnd(2, kStart + 2s, End(absl::StatusCode::kAborted, "OF_A_NEWER_SERVER"));
  EXPECT_FALSE(session_.stopped());
}

TEST_F(SessionTest, AnotherPrincipalsIdIsFinalOnlyForWhoNeverHadIt) {
  const StreamEnd held = End(absl::StatusCode::kPermissionDenied, "PRINCIPAL_MISMATCH");
  Session first({1, true, 5s, [] { return 0.0; }, {}});
  first.Start(kStart);
  first.OnStreamEnd(1, kStart, held);
  EXPECT_TRUE(first.stopped());
  GoLive();
  session_.OnStreamEnd(1, kStart + 1s, Broken());
  session_.Advance(kStart + 1100ms);
  session_.OnStreamEnd(2, kStart + 1200ms, held);
  EXPECT_FALSE(session_.stopped()) << "its own session of before a renewed certificate ends by itself";
}

TEST_F(SessionTest, AFinalWordCountsOnlyFromWhereItIsTrustedAsMuchAsTheWelcome) {
  const StreamEnd final = End(absl::StatusCode::kAborted, "SUPERSEDED");
  Session session({2, true, 5s, [] { return 0.0; }, {1, 0}});  // a socket file, and a port in plain text
  session.Start(kStart);
  session.OnHelloSent(1, kStart);
  session.OnWelcome(1, kStart, {.incarnation = 7, .interval = 1s, .timeout = 3s}, "token");
  session.OnStreamEnd(1, kStart + 1s, End(absl::StatusCode::kUnavailable, "DRAINING"));
  session.Advance(kStart + 1100ms);  // the port
  session.OnStreamEnd(2, kStart + 1200ms, final);
  EXPECT_FALSE(session.stopped());
  session.Advance(session.NextDeadline());  // the file again
  session.OnStreamEnd(3, kStart + 3s, final);
  EXPECT_TRUE(session.stopped());
}

// --- The number of a hello ---------------------------------------------------

TEST_F(SessionTest, EachHelloHasAGreaterNumber) {
  session_.Start(kStart);
  EXPECT_EQ(session_.OnHelloSent(1, kStart), 1u);
  session_.Advance(kStart + 5s);
  EXPECT_EQ(session_.OnHelloSent(2, kStart + 5s), 2u);
  session_.OnStreamEnd(1, kStart + 5s,
                       End(absl::StatusCode::kCancelled, "STALE_HELLO"));  // nobody waits for it
  WelcomeAt(2, kStart + 6s);
  EXPECT_EQ(session_.state(), State::kLive);
  session_.OnStreamEnd(2, kStart + 7s, Broken());
  session_.Advance(session_.NextDeadline());
  EXPECT_EQ(session_.OnHelloSent(3, kStart + 8s), 4u) << "the fixture sent 3 with the welcome";
}

TEST_F(SessionTest, WhoseNewestHelloIsCalledLateSharesItsNameAndComesBackAtOnceWithoutANumber) {
  GoLive();
  session_.OnStreamEnd(1, kStart + 1s, Broken());
  session_.Advance(kStart + 1100ms);
  EXPECT_EQ(session_.OnHelloSent(2, kStart + 1100ms), 2u);
  const StreamEnd stale = End(absl::StatusCode::kCancelled, "STALE_HELLO");
  session_.OnStreamEnd(2, kStart + 1200ms, stale);
  EXPECT_EQ(session_.NextDeadline(), kStart + 1200ms);
  EXPECT_EQ(session_.resume_token(), "token");
  session_.Advance(kStart + 1200ms);
  EXPECT_EQ(session_.OnHelloSent(3, kStart + 1200ms), 0u);
  session_.OnStreamEnd(3, kStart + 1300ms, stale);
  EXPECT_GT(session_.NextDeadline(), kStart + 1300ms)
      << "a server that says so for ever is asked in good time";
  EXPECT_FALSE(session_.stopped());
}

TEST_F(SessionTest, AStreamThatItDidNotReplaceItselfIsComeBackFromWithTheToken) {
  GoLive();
  session_.OnStreamEnd(1, kStart + 1s, End(absl::StatusCode::kCancelled, "STREAM_REPLACED"));
  EXPECT_THAT(Changes(), ElementsAre("LOST STREAM_REPLACED"));
  EXPECT_EQ(session_.resume_token(), "token") << "the server tells a late hello of ours from another process";
  EXPECT_LE(session_.NextDeadline(), kStart + 1100ms);
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
