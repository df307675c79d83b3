#include "tests/support/manual_clock.h"

#include <gtest/gtest.h>

namespace liveness::testing {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

TEST(ManualClockTest, AdvanceMovesAllThreeClocks) {
  ManualClock clock;
  const auto mono = clock.Mono();
  const auto boot = clock.Boot();
  const auto wall = clock.Wall();
  clock.Advance(seconds(5));
  EXPECT_EQ(clock.Mono() - mono, seconds(5));
  EXPECT_EQ(clock.Boot() - boot, seconds(5));
  EXPECT_EQ(clock.Wall() - wall, seconds(5));
}

TEST(ManualClockTest, AWallStepMovesNothingElse) {
  ManualClock clock;
  const auto mono = clock.Mono();
  const auto boot = clock.Boot();
  const auto wall = clock.Wall();
  clock.StepWall(hours(-2));
  EXPECT_EQ(clock.Wall() - wall, hours(-2));
  EXPECT_EQ(clock.Mono(), mono);
  EXPECT_EQ(clock.Boot(), boot);
}

TEST(ManualClockTest, TheMonotonicClockStandsStillInSuspend) {
  ManualClock clock;
  const auto mono = clock.Mono();
  const auto boot = clock.Boot();
  clock.Suspend(hours(1));
  EXPECT_EQ(clock.Mono(), mono);
  EXPECT_EQ(clock.Boot() - boot, hours(1));
}

TEST(SystemClockTest, GoesForwardAndKnowsTheDate) {
  const common::Clock& clock = common::SystemClock();
  const auto mono = clock.Mono();
  EXPECT_GE(clock.Mono(), mono);
  EXPECT_GE(clock.Boot().time_since_epoch(), mono.time_since_epoch());
  EXPECT_GT(clock.Wall().time_since_epoch(), hours(24 * 365 * 50));  // after 2020
}

}  // namespace
}  // namespace liveness::testing
