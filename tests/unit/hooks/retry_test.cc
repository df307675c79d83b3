#include "server/hooks/retry.h"

#include <gtest/gtest.h>

namespace liveness::hooks {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

const common::MonoTime kStart(hours(1));
const Outcome kFailed{.result = Result::kFailed};

TEST(Retry, WaitsTwiceAsLongEachTimeUpToFiveMinutes) {
  Retry retry([] { return 0.0; });
  common::MonoTime now = kStart;
  for (const int wait : {1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300}) {
    const auto next = retry.Failed(kFailed, hours(24), now);
    ASSERT_TRUE(next);
    EXPECT_EQ(*next - now, seconds(wait));
    now = *next;
  }
  EXPECT_EQ(retry.failures(), 11);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(*retry.Failed(kFailed, hours(24), now) - now, minutes(5));
}

TEST(Retry, TakesOffUpToAHalf) {
  Retry retry([] { return 0.5; });
  EXPECT_EQ(*retry.Failed(kFailed, hours(24), kStart) - kStart, milliseconds(750));
}

TEST(Retry, BeginsAnewWithTheNextEvent) {
  Retry retry([] { return 0.0; });
  (void)retry.Failed(kFailed, hours(24), kStart);
  (void)retry.Failed(kFailed, hours(24), kStart);
  retry.Reset();
  EXPECT_EQ(*retry.Failed(kFailed, hours(24), kStart + hours(48)) - kStart, hours(48) + seconds(1));
}

TEST(Retry, GivesUpAfterItsTimeAndTriesAtItsEnd) {
  Retry retry([] { return 0.0; });
  EXPECT_EQ(retry.Failed(kFailed, seconds(10), kStart), kStart + seconds(1));
  EXPECT_EQ(retry.Failed(kFailed, seconds(10), kStart + seconds(9)), kStart + seconds(10));  // not 11
  EXPECT_EQ(retry.Failed(kFailed, seconds(10), kStart + seconds(10)), std::nullopt);
  Retry never([] { return 0.0; });
  EXPECT_EQ(never.Failed(kFailed, seconds(0), kStart), std::nullopt);
}

TEST(Retry, IsSlowWhereNoSecondTryHelps) {
  for (const Result result : {Result::kGone, Result::kMisplaced}) {
    Retry retry([] { return 0.0; });
    EXPECT_EQ(*retry.Failed({.result = result}, hours(24), kStart) - kStart, minutes(5));
  }
}

TEST(Retry, WaitsAsLongAsItIsAskedToWithinABound) {
  Retry retry([] { return 0.0; });
  const auto wait = [&](common::Duration asked) {
    return *retry.Failed({.result = Result::kFailed, .retry_after = asked}, hours(24), kStart) - kStart;
  };
  EXPECT_EQ(wait(seconds(30)), seconds(30));
  EXPECT_EQ(wait(seconds(0)), seconds(2));  // not sooner than without
  EXPECT_EQ(wait(hours(1'000'000)), hours(1));
}

}  // namespace
}  // namespace liveness::hooks
