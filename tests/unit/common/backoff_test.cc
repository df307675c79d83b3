#include "common/backoff.h"

#include <gtest/gtest.h>

#include "common/random.h"

namespace liveness::common {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr double kAlmostOne = 0x1.fffffffffffffp-1;

TEST(BackoffTest, TheFirstAttemptIsImmediateButForAJitter) {
  EXPECT_EQ(Backoff({}, [] { return 0.0; }).Next(), Duration::zero());
  const Duration latest = Backoff({}, [] { return kAlmostOne; }).Next();
  EXPECT_GT(latest, milliseconds(99));
  EXPECT_LE(latest, milliseconds(100));
}

TEST(BackoffTest, GrowsExponentiallyFromTheSecondAttemptUpToTheMaximum) {
  Backoff backoff({}, [] { return 0.0; });  // nothing taken off
  backoff.Next();
  EXPECT_EQ(backoff.Next(), milliseconds(200));
  EXPECT_EQ(backoff.Next(), milliseconds(400));
  EXPECT_EQ(backoff.Next(), milliseconds(800));
  EXPECT_EQ(backoff.Next(), milliseconds(1600));
  EXPECT_EQ(backoff.Next(), seconds(2));
  EXPECT_EQ(backoff.Next(), seconds(2));
}

TEST(BackoffTest, TakesOffAtMostHalf) {
  Backoff backoff({}, [] { return kAlmostOne; });
  backoff.Next();
  EXPECT_GE(backoff.Next(), milliseconds(100));
  EXPECT_LE(backoff.Next(), milliseconds(201));
}

TEST(BackoffTest, NeverExceedsTheMaximumHoweverManyAttempts) {
  Backoff backoff({}, RandomUniform);
  for (int i = 0; i < 10'000; ++i) {
    const Duration delay = backoff.Next();
    ASSERT_LE(delay, seconds(2)) << "attempt " << i;
    // Nor does it ever collapse into a busy loop.
    ASSERT_GE(delay, i > 10 ? Duration(seconds(1)) : Duration::zero()) << "attempt " << i;
  }
}

TEST(BackoffTest, AnInitialDelayAboveTheMaximumIsCut) {
  Backoff::Options options;
  options.initial = seconds(10);
  Backoff backoff(options, [] { return 0.0; });
  backoff.Next();
  EXPECT_EQ(backoff.Next(), seconds(2));
}

TEST(BackoffTest, StartsAnewOnlyWhenToldOfSuccess) {
  Backoff backoff({}, [] { return 0.0; });
  for (int i = 0; i < 8; ++i) backoff.Next();
  EXPECT_EQ(backoff.Next(), seconds(2));
  EXPECT_EQ(backoff.attempts(), 9);
  backoff.Succeeded();
  EXPECT_EQ(backoff.attempts(), 0);
  EXPECT_EQ(backoff.Next(), Duration::zero());
  EXPECT_EQ(backoff.Next(), milliseconds(200));
}

TEST(BackoffTest, ADrainSpreadsOverItsWindow) {
  double random = 0;
  Backoff backoff({}, [&random] { return random; });
  EXPECT_EQ(backoff.AfterDrain(seconds(30)), Duration::zero());
  random = 0.5;
  EXPECT_EQ(backoff.AfterDrain(seconds(30)), seconds(15));
  random = kAlmostOne;
  EXPECT_LE(backoff.AfterDrain(seconds(30)), seconds(30));
  EXPECT_GT(backoff.AfterDrain(seconds(30)), seconds(29));
}

TEST(BackoffTest, ADrainCountsAsTheFirstAttempt) {
  Backoff backoff({}, [] { return 0.0; });
  for (int i = 0; i < 5; ++i) backoff.Next();
  backoff.AfterDrain(seconds(30));
  EXPECT_EQ(backoff.Next(), milliseconds(200));
}

TEST(BackoffTest, ADrainWithoutAWindowIsAtOnce) {
  Backoff backoff({}, [] { return kAlmostOne; });
  EXPECT_EQ(backoff.AfterDrain(Duration::zero()), Duration::zero());
  EXPECT_EQ(backoff.AfterDrain(seconds(-5)), Duration::zero());
}

}  // namespace
}  // namespace liveness::common
