#include "client/cli/print/time_text.h"

#include <gtest/gtest.h>

#include <chrono>

namespace liveness::cli {
namespace {

using namespace std::chrono_literals;

TEST(TimeTextTest, MomentsAreUtcWithMilliseconds) {
  EXPECT_EQ(TimeText(common::WallTime(1'700'000'000s + 123'999us)), "2023-11-14T22:13:20.123Z");
}

TEST(TimeTextTest, ShortSpansAreFineAndLongOnesCoarse) {
  EXPECT_EQ(SpanText(-5s), "0s");
  EXPECT_EQ(SpanText(0s), "0s");
  EXPECT_EQ(SpanText(340'900us), "340ms");
  EXPECT_EQ(SpanText(1s), "1s");
  EXPECT_EQ(SpanText(1'290ms), "1.2s");
  EXPECT_EQ(SpanText(9'999ms), "9.9s");
  EXPECT_EQ(SpanText(45s), "45s");
  EXPECT_EQ(SpanText(26h), "26h");
}

}  // namespace
}  // namespace liveness::cli
