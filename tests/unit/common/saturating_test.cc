#include "common/saturating.h"

#include <gtest/gtest.h>

namespace liveness::common {
namespace {

using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr Duration kForEver = Duration::max();
constexpr Duration kBackwards = Duration::min();

TEST(Saturating, IsAPlainSumWhereThatFits) {
  EXPECT_EQ(SaturatingAdd(seconds(3), -seconds(5)), -seconds(2));
  EXPECT_EQ(SaturatingSub(seconds(3), seconds(5)), -seconds(2));
  EXPECT_EQ(SaturatingMultiply(seconds(3), -5), -seconds(15));
  EXPECT_EQ(SaturatingAdd(WallTime(seconds(3)), seconds(5)), WallTime(seconds(8)));
  EXPECT_EQ(SaturatingSub(MonoTime(seconds(3)), seconds(5)), MonoTime(-seconds(2)));
  EXPECT_EQ(SaturatingSub(MonoTime(seconds(3)), MonoTime(seconds(5))), -seconds(2));
  EXPECT_EQ(SaturatingAdd(kForEver, Duration::zero()), kForEver);
}

TEST(Saturating, StopsAtTheNearerEnd) {
  EXPECT_EQ(SaturatingAdd(kForEver, nanoseconds(1)), kForEver);
  EXPECT_EQ(SaturatingAdd(kBackwards, -nanoseconds(1)), kBackwards);
  EXPECT_EQ(SaturatingSub(kForEver, -nanoseconds(1)), kForEver);
  EXPECT_EQ(SaturatingSub(kBackwards, nanoseconds(1)), kBackwards);
  EXPECT_EQ(SaturatingSub(Duration::zero(), kBackwards), kForEver);
  EXPECT_EQ(SaturatingMultiply(kForEver, 2), kForEver);
  EXPECT_EQ(SaturatingMultiply(kForEver, -2), kBackwards);
  EXPECT_EQ(SaturatingMultiply(kBackwards, 2), kBackwards);
  EXPECT_EQ(SaturatingMultiply(kBackwards, -1), kForEver);
  EXPECT_EQ(SaturatingAdd(WallTime::max(), seconds(2)), WallTime::max())
      << "the year 9999, as a clock has it";
  EXPECT_EQ(SaturatingSub(WallTime::min(), seconds(2)), WallTime::min());
  EXPECT_EQ(SaturatingSub(WallTime::max(), WallTime::min()), kForEver);
}

}  // namespace
}  // namespace liveness::common
