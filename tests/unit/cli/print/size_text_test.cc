#include "client/cli/print/size_text.h"

#include <gtest/gtest.h>

namespace liveness::cli {
namespace {

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

}  // namespace
}  // namespace liveness::cli
