#include "common/strings.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

namespace liveness::common {
namespace {

TEST(StringsTest, JoinsTextsAndNumbers) {
  EXPECT_EQ(StrCat(), "");
  EXPECT_EQ(StrCat("a", std::string("b"), std::string_view("c"), 1, -2L, std::uint8_t{3}, std::size_t{4}),
            "abc1-234");
  EXPECT_EQ(StrCat(std::numeric_limits<std::int64_t>::min()), "-9223372036854775808");
  EXPECT_EQ(StrCat(std::numeric_limits<std::uint64_t>::max()), "18446744073709551615");
}

TEST(StringsTest, EscapesAllThatIsNotPrintableAscii) {
  EXPECT_EQ(Escape("plain text"), "plain text");
  EXPECT_EQ(Escape("a\nb\"c\\"), "a\\nb\\\"c\\\\");
  EXPECT_EQ(Escape("\x1b[31m"), "\\x1b[31m");
  EXPECT_EQ(Escape("\xff"), "\\xff");
}

}  // namespace
}  // namespace liveness::common
