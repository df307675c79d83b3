#include "server/rpc/canary/accept_watch.h"

#include <gtest/gtest.h>

namespace liveness::rpc {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr common::MonoTime kStart{std::chrono::hours(1)};

TEST(AcceptWatch, TwoFailuresInARowCloseItAndASuccessOpensIt) {
  AcceptWatch watch;
  watch.Tried(kStart);
  watch.GotIn(kStart);
  watch.Failed(kStart + seconds(5), "refused");
  EXPECT_FALSE(watch.IsClosed());
  watch.GotIn(kStart + seconds(6));
  watch.Failed(kStart + seconds(11), "refused");
  EXPECT_FALSE(watch.IsClosed()) << "not in a row";
  watch.Failed(kStart + seconds(12), "no answer");
  EXPECT_TRUE(watch.IsClosed());
  EXPECT_EQ(watch.why(), "no answer");
  EXPECT_EQ(watch.last_success(), kStart + seconds(6));
  watch.GotIn(kStart + seconds(13));
  EXPECT_FALSE(watch.IsClosed());
}

TEST(AcceptWatch, ConcludesNothingBeforeOneGotIn) {
  AcceptWatch watch;
  for (int i = 0; i < 10; ++i) watch.Failed(kStart + seconds(i), "certificate");
  EXPECT_FALSE(watch.IsClosed());
}

TEST(AcceptWatch, ComesBackAfterItsPeriodSoonerAfterAFailureOrWhenAsked) {
  AcceptWatch watch;
  EXPECT_LE(watch.due(), kStart);
  watch.Tried(kStart);
  EXPECT_EQ(watch.due(), kStart + AcceptWatch::kPeriod);
  watch.Hurry(kStart + milliseconds(100));
  EXPECT_EQ(watch.due(), kStart + AcceptWatch::kRetry) << "not in a loop";
  watch.Tried(kStart + seconds(1));
  watch.Hurry(kStart + seconds(3));
  EXPECT_EQ(watch.due(), kStart + seconds(3));
  watch.Tried(kStart + seconds(3));
  watch.Failed(kStart + seconds(4), "refused");
  EXPECT_EQ(watch.due(), kStart + seconds(4) + AcceptWatch::kRetry);
}

}  // namespace
}  // namespace liveness::rpc
