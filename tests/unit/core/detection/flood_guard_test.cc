#include "server/core/detection/flood_guard.h"

#include <gtest/gtest.h>

#include <limits>

namespace liveness::core {
namespace {

using common::Duration;
using std::chrono::seconds;

TEST(FloodGuardTest, ForgivesAHundredAtOnce) {
  EXPECT_FALSE(IsPingFlood(1, Duration(0), seconds(10), 10));
  EXPECT_FALSE(IsPingFlood(100, Duration(0), seconds(10), 10));
  EXPECT_TRUE(IsPingFlood(101, Duration(0), seconds(10), 10));
}

TEST(FloodGuardTest, AllowsTenTimesTheRateAndNoMore) {
  // 60 s at 1 s: 60 pings are asked for, 600 + 100 allowed.
  EXPECT_FALSE(IsPingFlood(700, seconds(60), seconds(1), 10));
  EXPECT_TRUE(IsPingFlood(701, seconds(60), seconds(1), 10));
}

TEST(FloodGuardTest, ZeroTurnsItOff) { EXPECT_FALSE(IsPingFlood(1'000'000, Duration(0), seconds(1), 0)); }

TEST(FloodGuardTest, ExtremesDoNotOverflow) {
  constexpr auto kMost = std::numeric_limits<std::uint64_t>::max();
  EXPECT_TRUE(IsPingFlood(kMost, Duration(1), Duration::max(), 10));
  EXPECT_FALSE(IsPingFlood(1'000, Duration::max(), Duration(1), std::numeric_limits<std::uint32_t>::max()));
  EXPECT_TRUE(IsPingFlood(101, -seconds(1), seconds(1), 10));
}

}  // namespace
}  // namespace liveness::core
