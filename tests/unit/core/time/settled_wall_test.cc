#include "server/core/time/settled_wall.h"

#include <gtest/gtest.h>

namespace liveness::core {
namespace {

using common::Duration;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;

class SettledWallTest : public ::testing::Test {
 protected:
  // Looks each minute.
  void Run(Duration span) {
    for (; span > Duration::zero(); span -= minutes(1)) {
      now_ += minutes(1);
      wall_ += minutes(1);
      (void)Look();
    }
  }
  bool Look() {
    const auto told = settled_.At(wall_, now_);
    if (told) {
      EXPECT_EQ(*told, wall_);
    }
    return told.has_value();
  }

  SettledWall settled_;
  common::MonoTime now_{hours(7)};
  common::WallTime wall_{hours(400'000)};
};

TEST_F(SettledWallTest, IsBelievedAfterAnHour) {
  EXPECT_FALSE(Look());
  Run(minutes(59));
  EXPECT_FALSE(Look());
  Run(minutes(1));
  EXPECT_TRUE(Look());
}

TEST_F(SettledWallTest, AWeekAheadAndBackIsNotBelieved) {
  Look();
  Run(hours(2));
  wall_ += hours(7 * 24);
  EXPECT_FALSE(Look());
  Run(minutes(50));
  EXPECT_FALSE(Look());
  wall_ -= hours(7 * 24);
  Run(minutes(59));
  EXPECT_FALSE(Look());
  Run(minutes(5));
  EXPECT_TRUE(Look());
}

TEST_F(SettledWallTest, BackwardIsAStepToo) {
  Look();
  Run(hours(2));
  wall_ -= hours(1);
  EXPECT_FALSE(Look());
}

TEST_F(SettledWallTest, ASlowCorrectionIsNone) {
  Look();
  for (int n = 0; n < 120; ++n) {
    Run(minutes(1));
    wall_ += milliseconds(500);
  }
  EXPECT_TRUE(Look());
}

TEST_F(SettledWallTest, AClockThatStandsAtTheStartOfTimeIsNotBelievedAtOnceEither) {
  wall_ = common::WallTime(now_.time_since_epoch());
  EXPECT_FALSE(Look());
}

}  // namespace
}  // namespace liveness::core
