#include "server/core/fleet/flap_damping.h"

#include <gtest/gtest.h>

namespace liveness::core {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

MonoTime At(Duration since) { return MonoTime(hours(1) + since); }

TEST(FlapDampingTest, TheClientOfTheEssay) {
  const FlapOptions options;
  FlapState state;
  for (int fall = 0; fall < 3; ++fall) {
    state.Fell(At(minutes(fall)), options);
    EXPECT_FALSE(state.IsFlapping(At(minutes(fall)), options)) << fall;
  }
  EXPECT_NEAR(state.Penalty(At(minutes(2)), options), 2628, 1);
  state.Fell(At(minutes(3)), options);
  EXPECT_TRUE(state.IsFlapping(At(minutes(3)), options));
  state.Fell(At(minutes(4)), options);
  EXPECT_NEAR(state.Penalty(At(minutes(4)), options), 3862, 1);
  const Duration calm = state.ReuseAt(options) - At(minutes(4));
  EXPECT_GT(calm, seconds(708));
  EXPECT_LT(calm, seconds(711));
  EXPECT_TRUE(state.IsFlapping(state.ReuseAt(options) - Duration(1), options));
  EXPECT_FALSE(state.IsFlapping(state.ReuseAt(options), options));
}

TEST(FlapDampingTest, HalvesEachHalfLife) {
  const FlapOptions options;
  FlapState state;
  state.Fell(At({}), options);
  EXPECT_NEAR(state.Penalty(At(minutes(5)), options), 500, 1e-6);
  EXPECT_NEAR(state.Penalty(At(minutes(10)), options), 250, 1e-6);
}

TEST(FlapDampingTest, BetweenTheThresholdsTheMarkStays) {
  const FlapOptions options;
  FlapState once;
  FlapState often;
  for (int i = 0; i < 4; ++i) often.Fell(At({}), options);
  once.Fell(At(minutes(5)), options);
  EXPECT_NEAR(often.Penalty(At(minutes(5)), options), 2'000, 1e-6);
  EXPECT_TRUE(often.IsFlapping(At(minutes(5)), options)) << "it has not come down to 750";
  EXPECT_FALSE(once.IsFlapping(At(minutes(5)), options));
}

TEST(FlapDampingTest, AfterTheReuseItBeginsAnew) {
  const FlapOptions options;
  FlapState state;
  for (int i = 0; i < 4; ++i) state.Fell(At({}), options);
  const MonoTime reuse = state.ReuseAt(options);
  state.Fell(reuse, options);
  EXPECT_FALSE(state.IsFlapping(reuse, options)) << "1750: not above 3000 again";
  EXPECT_EQ(state.ReuseAt(options), MonoTime::max());
}

TEST(FlapDampingTest, NoStormIsHeldAgainstItForLonger) {
  const FlapOptions options;
  FlapState state;
  for (int i = 0; i < 10'000; ++i) state.Fell(At({}), options);
  EXPECT_LE(state.ReuseAt(options), At(minutes(20) + seconds(1)));
}

TEST(FlapDampingTest, WhoNeverFellHasNothing) {
  FlapState state;
  EXPECT_TRUE(state.empty());
  EXPECT_FALSE(state.IsFlapping(At({}), {}));
  EXPECT_EQ(state.ReuseAt({}), MonoTime::max());
  state.Fell(At({}), {});
  EXPECT_FALSE(state.empty());
}

TEST(FlapDampingTest, ReuseAndSuppressMayBeOne) {
  const FlapOptions options{.half_life = seconds(1), .suppress = 1'500, .reuse = 1'500};
  FlapState state;
  state.Fell(At({}), options);
  state.Fell(At({}), options);
  EXPECT_TRUE(state.IsFlapping(At({}), options));
  EXPECT_FALSE(state.IsFlapping(At(seconds(1)), options));
}

TEST(FlapDampingTest, AFallBeforeItIsCalmKeepsTheMark) {
  const FlapOptions options;
  FlapState state;
  for (int fall = 0; fall < 4; ++fall) state.Fell(At(seconds(fall)), options);
  ASSERT_TRUE(state.IsFlapping(At(seconds(3)), options));
  const MonoTime nearly_calm = state.ReuseAt(options) - seconds(1);
  state.Fell(nearly_calm, options);
  EXPECT_LT(state.Penalty(nearly_calm, options), options.suppress) << "it alone would not mark it";
  EXPECT_TRUE(state.IsFlapping(nearly_calm, options));
}

}  // namespace
}  // namespace liveness::core
