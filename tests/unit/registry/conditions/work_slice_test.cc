#include "server/registry/conditions/work_slice.h"

#include <gtest/gtest.h>

#include "tests/support/manual_clock.h"

namespace liveness::registry {
namespace {

using std::chrono::milliseconds;

// Does as much as is let through, each piece of which takes so long.
std::size_t Work(common::Duration each, std::size_t most = WorkSlice::kMost) {
  testing::ManualClock clock;
  WorkSlice slice(clock, most);
  std::size_t done = 0;
  for (; slice.Take(); ++done) clock.Advance(each);
  return done;
}

TEST(WorkSlice, IsBoundedByANumber) {
  EXPECT_EQ(Work(common::Duration::zero()), WorkSlice::kMost);
  EXPECT_EQ(Work(common::Duration::zero(), 3), 3u);
}

TEST(WorkSlice, DearWorkIsCutByTime) { EXPECT_EQ(Work(WorkSlice::kBudget / 32), 32u); }

TEST(WorkSlice, AFewAreAlwaysLetThrough) { EXPECT_EQ(Work(milliseconds(100)), 16u); }

}  // namespace
}  // namespace liveness::registry
