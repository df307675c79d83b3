#include "server/core/fleet/fall_counts.h"

#include <gtest/gtest.h>

namespace liveness::core {
namespace {

using common::MonoTime;
using std::chrono::microseconds;
using std::chrono::milliseconds;

MonoTime At(int ms) { return MonoTime(milliseconds(ms)); }

TEST(FallCounts, CountWhatFellAfterTheLastMomentThatExpired) {
  FallCounts counts;
  counts.Add(At(1), false);
  counts.Add(At(1), true);
  counts.Add(At(5), true);
  EXPECT_EQ(counts.fallen(), 3);
  EXPECT_EQ(counts.gone(), 2);
  counts.ExpireUntil(At(0));
  EXPECT_EQ(counts.fallen(), 3);
  counts.ExpireUntil(At(1));
  EXPECT_EQ(counts.fallen(), 1);
  EXPECT_EQ(counts.gone(), 1);
  counts.ExpireUntil(At(100));
  EXPECT_EQ(counts.fallen(), 0);
  EXPECT_EQ(counts.gone(), 0);
}

TEST(FallCounts, ForgetOneThatDidNotFallAfterAll) {
  FallCounts counts;
  for (int ms = 1; ms <= 10; ++ms) counts.Add(At(ms), ms % 2 == 0);
  counts.Remove(At(4), true);
  counts.Remove(At(5), false);
  EXPECT_EQ(counts.fallen(), 8);
  EXPECT_EQ(counts.gone(), 4);
  counts.ExpireUntil(At(5));
  EXPECT_EQ(counts.fallen(), 5);
  counts.Remove(At(3), false);
  EXPECT_EQ(counts.fallen(), 5) << "it has grown old before";
}

TEST(FallCounts, TakeAnEarlierFallTooIfItStillCounts) {
  FallCounts counts;
  counts.Add(At(3), false);
  counts.Add(At(9), false);
  counts.ExpireUntil(At(4));
  counts.Add(At(6), true);  // it has moved here, with its fall
  counts.Add(At(2), false);
  EXPECT_EQ(counts.fallen(), 2);
  counts.ExpireUntil(At(6));
  EXPECT_EQ(counts.fallen(), 1);
}

TEST(FallCounts, DateToTheMillisecond) {
  EXPECT_EQ(FallCounts::Slot(At(7) + microseconds(999)), At(7));
  EXPECT_EQ(FallCounts::Slot(At(7)), At(7));
}

}  // namespace
}  // namespace liveness::core
