#include "client/cli/print/figures.h"

#include <gtest/gtest.h>

#include <chrono>

namespace liveness::cli {
namespace {

using namespace std::chrono_literals;

TEST(SizeTextTest, ThreeDigitsAtMost) {
  EXPECT_EQ(SizeText(0), "0 B");
  EXPECT_EQ(SizeText(999), "999 B");
  EXPECT_EQ(SizeText(1000), "1 KiB");  // 0.98, not four digits of bytes
  EXPECT_EQ(SizeText(1536), "1.5 KiB");
  EXPECT_EQ(SizeText(8'600'000), "8.2 MiB");
  EXPECT_EQ(SizeText(std::int64_t{48} << 20), "48 MiB");
  EXPECT_EQ(SizeText((std::int64_t{1} << 30) - 1), "1 GiB");
  EXPECT_EQ(SizeText(std::int64_t{5000} << 40), "5000 TiB");
}

TEST(CountTextTest, OnlyOneIsSingular) {
  EXPECT_EQ(CountText(0, "client"), "0 clients");
  EXPECT_EQ(CountText(1, "client"), "1 client");
  EXPECT_EQ(CountText(2, "client"), "2 clients");
}

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
