#include "common/utf8.h"

#include <gtest/gtest.h>

#include <string>

namespace liveness::common {
namespace {

std::string Encode(char32_t point) {
  const auto byte = [](char32_t value) { return static_cast<char>(static_cast<unsigned char>(value)); };
  if (point < 0x80) return {byte(point)};
  if (point < 0x800) return {byte(0xC0 | point >> 6), byte(0x80 | (point & 0x3F))};
  if (point < 0x10000) {
    return {byte(0xE0 | point >> 12), byte(0x80 | (point >> 6 & 0x3F)), byte(0x80 | (point & 0x3F))};
  }
  return {byte(0xF0 | point >> 18), byte(0x80 | (point >> 12 & 0x3F)), byte(0x80 | (point >> 6 & 0x3F)),
          byte(0x80 | (point & 0x3F))};
}

TEST(Utf8Test, TakesEveryCodePointAndNoSurrogate) {
  for (char32_t point = 0; point < 0x120000; ++point) {
    const bool scalar = point <= 0x10FFFF && !(point >= 0xD800 && point <= 0xDFFF);
    ASSERT_EQ(IsValidUtf8("x" + Encode(point) + "y"), scalar)
        << std::hex << static_cast<std::uint32_t>(point);
  }
}

TEST(Utf8Test, RefusesWhatIsCutShort) {
  for (const char32_t point : {U'\u00e9', U'\u20ac', U'\U0001F600'}) {
    const std::string whole = Encode(point);
    for (std::size_t length = 1; length < whole.size(); ++length) {
      EXPECT_FALSE(IsValidUtf8(whole.substr(0, length)));
      EXPECT_FALSE(IsValidUtf8(whole.substr(0, length) + "a"));
    }
  }
}

TEST(Utf8Test, DoesNotLookPastTheEndOfItsText) {
  // What follows the view in memory would complete the character.
  EXPECT_FALSE(IsValidUtf8(std::string_view("\xC3\xA9", 1)));
  EXPECT_FALSE(IsValidUtf8(std::string_view("\xF0\x9F\x98\x80", 3)));
}

TEST(Utf8Test, RefusesOverlongFormsAndStrayBytes) {
  for (const char* text : {"\xC0\x80", "\xC1\xBF", "\xE0\x80\x80", "\xE0\x9F\xBF", "\xF0\x80\x80\x80",
                           "\xF0\x8F\xBF\xBF", "\xF5\x80\x80\x80", "\x80", "\xBF", "\xFE", "\xFF",
                           "\xE2\x82\xC0", "\xF0\x9F\x98\xC0", "\xF0\x9F\xC0\x80"}) {
    EXPECT_FALSE(IsValidUtf8(text));
  }
}

TEST(Utf8Test, TheEmptyTextAndNulAreValid) {
  EXPECT_TRUE(IsValidUtf8(""));
  EXPECT_TRUE(IsValidUtf8(std::string("\0", 1)));
}

TEST(Utf8Test, FindsExactlyTheControlCharacters) {
  for (char32_t point = 0; point < 0x110000; ++point) {
    if (point >= 0xD800 && point <= 0xDFFF) continue;
    const bool control = point < 0x20 || (point >= 0x7F && point <= 0x9F);
    ASSERT_EQ(HasControlCharacter("x" + Encode(point)), control)
        << std::hex << static_cast<std::uint32_t>(point);
  }
}

TEST(Utf8Test, ALineIsPlainOrEscaped) {
  EXPECT_EQ(PlainLine("a \"b\" \xC3\xA9"), "a \"b\" \xC3\xA9");
  EXPECT_EQ(PlainLine("a\nb"), "a\\nb");
  EXPECT_EQ(PlainLine("\x1b[1m"), "\\x1b[1m");
  EXPECT_EQ(PlainLine("\xff"), "\\xff");
}

}  // namespace
}  // namespace liveness::common
