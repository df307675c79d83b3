#include "client/cli/display_text.h"

#include <gtest/gtest.h>

namespace liveness::cli {
namespace {

TEST(DisplayTextTest, PlainTextAndWideTextStayAsTheyAre) {
  EXPECT_EQ(Printable("web-1 größe 日本 🙂"), "web-1 größe 日本 🙂");
}

TEST(DisplayTextTest, ControlCharactersAreShownAndNotObeyed) {
  EXPECT_EQ(Printable("a\x1b[31m\x7f"), "a\\x1b[31m\\x7f");
  EXPECT_EQ(Printable("\u0085"), "\\x85");          // C1, a terminal may obey it
  EXPECT_EQ(Printable("a\u202Eb"), "a\\u{202e}b");  // right-to-left override
}

TEST(DisplayTextTest, BrokenUtf8IsShownByteByByte) {
  EXPECT_EQ(Printable("a\xff"), "a\\xff");
  EXPECT_EQ(Printable("\xe6\x97"), "\\xe6\\x97");           // cut off
  EXPECT_EQ(Printable("\xc0\xaf"), "\\xc0\\xaf");           // overlong
  EXPECT_EQ(Printable("\xed\xa0\x80"), "\\xed\\xa0\\x80");  // a surrogate
  EXPECT_EQ(Printable("\xf5\x80\x80\x80"), "\\xf5\\x80\\x80\\x80");
}

TEST(DisplayTextTest, WidthCountsColumnsNotBytes) {
  EXPECT_EQ(DisplayWidth(""), 0u);
  EXPECT_EQ(DisplayWidth("größe"), 5u);
  EXPECT_EQ(DisplayWidth("日本"), 4u);
  EXPECT_EQ(DisplayWidth("🙂"), 2u);
  EXPECT_EQ(DisplayWidth("e\u0301"), 1u);
  EXPECT_EQ(DisplayWidth("한글"), 4u);
  EXPECT_EQ(DisplayWidth("Ａ"), 2u);  // full width
}

}  // namespace
}  // namespace liveness::cli
