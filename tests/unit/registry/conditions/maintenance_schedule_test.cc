#include "server/registry/conditions/maintenance_schedule.h"

#include <gtest/gtest.h>

namespace liveness::registry {
namespace {

using common::WallTime;
using std::chrono::seconds;

WallTime At(int s) { return WallTime(seconds(s)); }

TEST(MaintenanceSchedule, GivesOutWhatHasEndedTheFirstFirst) {
  MaintenanceSchedule schedule;
  EXPECT_FALSE(schedule.HasDue(WallTime::max()));
  schedule.Set("a", At(20));
  schedule.Set("b", At(10));
  schedule.Set("c", At(30));
  EXPECT_FALSE(schedule.HasDue(At(9)));
  ASSERT_TRUE(schedule.HasDue(At(20)));
  EXPECT_EQ(schedule.PopFirst(), "b");
  ASSERT_TRUE(schedule.HasDue(At(20)));
  EXPECT_EQ(schedule.PopFirst(), "a");
  EXPECT_FALSE(schedule.HasDue(At(20)));
  EXPECT_EQ(schedule.size(), 1u);
}

TEST(MaintenanceSchedule, KnowsOneEndOfAClient) {
  MaintenanceSchedule schedule;
  schedule.Set("a", At(10));
  schedule.Set("a", At(30));
  EXPECT_FALSE(schedule.HasDue(At(20)));
  schedule.Set("a", std::nullopt);
  schedule.Set("b", std::nullopt);
  EXPECT_FALSE(schedule.HasDue(At(40)));
  EXPECT_EQ(schedule.size(), 0u);
}

TEST(MaintenanceSchedule, ForEverDoesNotEnd) {
  MaintenanceSchedule schedule;
  schedule.Set("a", WallTime::max());
  EXPECT_FALSE(schedule.HasDue(WallTime::max()));
  schedule.Set("b", At(1));
  ASSERT_TRUE(schedule.HasDue(WallTime::max()));
  EXPECT_EQ(schedule.PopFirst(), "b");
}

}  // namespace
}  // namespace liveness::registry
