#include "client/cli/print/display_text.h"

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

TEST(DisplayTextTest, WhatNobodySeesIsShown) {
  EXPECT_EQ(Printable("a\u061cb"), "a\\u{061c}b");  // Arabic letter mark
  for (const char* hidden : {"\u00ad", "\u034f", "\u115f", "\u180e", "\u200b", "\u200d", "\u2060", "\u2066",
                             "\u3164", "\ufe0f", "\ufeff", "\ufff9", "\U000e0041", "\U0001d173"}) {
    EXPECT_EQ(Printable(hidden)[0], '\\') << hidden;
  }
}

TEST(DisplayTextTest, NoTwoNamesAreShownAlikeByWhatIsHidden) {
  EXPECT_EQ(NameText("clients/web-1"), "clients/web-1");
  EXPECT_EQ(NameText("a\u200b"), "a\\u{200b}");
  EXPECT_EQ(NameText("a\\u{200b}"), "a\\\\u{200b}") << "whose id has that very text";
  EXPECT_EQ(NameText("a\u00a0b"), "a\\xa0b") << "no ASCII space";
  EXPECT_EQ(NameText("日本"), "日本");
}

TEST(DisplayTextTest, ANameAtStakeIsToldInAsciiToo) {
  EXPECT_EQ(DistinctName("web-1"), "web-1");
  EXPECT_EQ(DistinctName("w\u0435b-1"), "\"w\u0435b-1\" (in ASCII: w\\u{0435}b-1)") << "a Cyrillic letter";
  EXPECT_EQ(DistinctName("e\u0301"), "\"e\u0301\" (in ASCII: e\\u{0301})") << "not U+00E9";
  EXPECT_EQ(DistinctName("web-1 "), "\"web-1 \"");
  EXPECT_EQ(DistinctName(""), "\"\"");
}

TEST(DisplayTextTest, InAListANameThatMayImitateAnotherIsToldInAscii) {
  EXPECT_EQ(ListedName("web-1"), "web-1");
  EXPECT_EQ(ListedName("w\u0435b-1"), DistinctName("w\u0435b-1")) << "Cyrillic";
  EXPECT_EQ(ListedName("\u03BFrders"), DistinctName("\u03BFrders")) << "Greek";
  EXPECT_EQ(ListedName("web-\uFF41"), DistinctName("web-\uFF41")) << "full width";
  EXPECT_EQ(ListedName("b\u00FCro-1"), "b\u00FCro-1") << "Latin all of it";
  EXPECT_EQ(ListedName("\u0441\u043A\u043B\u0430\u0434-1"), "\u0441\u043A\u043B\u0430\u0434-1")
      << "Cyrillic all of it";
  EXPECT_EQ(ListedName("\u5009\u5EAB-a"), "\u5009\u5EAB-a") << "nothing there looks like Latin";
}

}  // namespace
}  // namespace liveness::cli
