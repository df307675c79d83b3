#include "client/cli/print/display_text.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace liveness::cli {
namespace {

struct Range {
  char32_t first;
  char32_t last;
};

// The blocks that matter in names and labels. (wcwidth() would need a locale.)
constexpr Range kZeroWidth[] = {
    {0x0300, 0x036F}, {0x0483, 0x0489}, {0x0591, 0x05BD}, {0x0610, 0x061A}, {0x064B, 0x065F},
    {0x0900, 0x0902}, {0x093C, 0x093C}, {0x0941, 0x0948}, {0x094D, 0x094D}, {0x0E31, 0x0E31},
    {0x0E34, 0x0E3A}, {0x0E47, 0x0E4E}, {0x1AB0, 0x1AFF}, {0x1DC0, 0x1DFF}, {0x200B, 0x200D},
    {0x20D0, 0x20FF}, {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}, {0xFEFF, 0xFEFF}, {0xE0100, 0xE01EF},
};
constexpr Range kWide[] = {
    {0x1100, 0x115F},   {0x231A, 0x231B},   {0x23E9, 0x23EC},   {0x2614, 0x2615},   {0x267F, 0x267F},
    {0x26A1, 0x26A1},   {0x26D4, 0x26D4},   {0x2705, 0x2705},   {0x274C, 0x274C},   {0x2E80, 0x303E},
    {0x3041, 0x33FF},   {0x3400, 0x4DBF},   {0x4E00, 0x9FFF},   {0xA000, 0xA4CF},   {0xA960, 0xA97F},
    {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},   {0xFFE0, 0xFFE6},
    {0x1F18E, 0x1F18E}, {0x1F191, 0x1F19A}, {0x1F200, 0x1F320}, {0x1F32D, 0x1F64F}, {0x1F680, 0x1F6FF},
    {0x1F7E0, 0x1F7EB}, {0x1F900, 0x1F9FF}, {0x1FA70, 0x1FAFF}, {0x20000, 0x3FFFD},
};

// Unicode's control and format characters, and those that are ignored where a font has no picture of them.
constexpr Range kHidden[] = {
    {0x0000, 0x001F},   {0x007F, 0x009F},   {0x00AD, 0x00AD},   {0x034F, 0x034F}, {0x0600, 0x0605},
    {0x061C, 0x061C},   {0x06DD, 0x06DD},   {0x070F, 0x070F},   {0x115F, 0x1160}, {0x17B4, 0x17B5},
    {0x180B, 0x180F},   {0x200B, 0x200F},   {0x2028, 0x202E},   {0x2060, 0x206F}, {0x2800, 0x2800},
    {0x3164, 0x3164},   {0xFE00, 0xFE0F},   {0xFEFF, 0xFEFF},   {0xFFA0, 0xFFA0}, {0xFFF0, 0xFFFB},
    {0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A}, {0xE0000, 0xE0FFF},
};
constexpr Range kForeignSpaces[] = {
    {0x00A0, 0x00A0}, {0x1680, 0x1680}, {0x2000, 0x200A},
    {0x202F, 0x202F}, {0x205F, 0x205F}, {0x3000, 0x3000},
};

// Blocks with letters that look like ASCII's: combining marks, Greek, Cyrillic, Armenian, Cherokee, letters
// as symbols, of full width and of mathematics.
constexpr Range kLikeLatin[] = {
    {0x0300, 0x036F}, {0x0370, 0x03FF}, {0x0400, 0x058F},   {0x13A0, 0x13FF},
    {0x1C80, 0x1C8F}, {0x1F00, 0x1FFF}, {0x2100, 0x214F},   {0xA640, 0xA69F},
    {0xAB70, 0xABBF}, {0xFF01, 0xFF5E}, {0x1D400, 0x1D7FF},
};

template <std::size_t N>
bool Contains(const Range (&ranges)[N], char32_t c) {
  const Range* found =
      std::upper_bound(std::begin(ranges), std::end(ranges), c,
                       [](char32_t value, const Range& range) { return value < range.first; });
  return found != std::begin(ranges) && c <= std::prev(found)->last;
}

}  // namespace

std::optional<char32_t> TakeCharacter(std::string_view& text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  std::size_t size = 1;
  char32_t c = byte(0);
  if (c >= 0xF0 && c <= 0xF4) {
    size = 4, c &= 0x07;
  } else if (c >= 0xE0) {
    size = 3, c &= 0x0F;
  } else if (c >= 0xC2) {
    size = 2, c &= 0x1F;
  } else if (c >= 0x80) {
    return std::nullopt;
  }
  if (byte(0) > 0xF4 || text.size() < size) return std::nullopt;
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return std::nullopt;
    c = (c << 6) | (byte(i) & 0x3F);
  }
  constexpr char32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  if (c < kLeast[size] || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF)) return std::nullopt;
  text.remove_prefix(size);
  return c;
}

bool IsHidden(char32_t c) { return Contains(kHidden, c); }

namespace {

// `text` with those characters as escapes of which `escape` says so.
std::string Escaped(std::string_view text, bool (*escape)(char32_t), bool double_backslashes) {
  std::string result;
  result.reserve(text.size());
  while (!text.empty()) {
    const std::string_view before = text;
    const std::optional<char32_t> c = TakeCharacter(text);
    if (!c.has_value()) {
      absl::StrAppend(&result, absl::StrFormat("\\x%02x", static_cast<std::uint8_t>(text[0])));
      text.remove_prefix(1);
    } else if (*c == '\\' && double_backslashes) {
      result += "\\\\";
    } else if (!escape(*c)) {
      result.append(before.substr(0, before.size() - text.size()));
    } else if (*c < 0x100) {
      absl::StrAppend(&result, absl::StrFormat("\\x%02x", static_cast<std::uint32_t>(*c)));
    } else {
      absl::StrAppend(&result, absl::StrFormat("\\u{%04x}", static_cast<std::uint32_t>(*c)));
    }
  }
  return result;
}

}  // namespace

std::string Printable(std::string_view text) { return Escaped(text, &IsHidden, false); }

std::string NameText(std::string_view name) {
  return Escaped(
      name, [](char32_t c) { return IsHidden(c) || Contains(kForeignSpaces, c); }, true);
}

std::string DistinctName(std::string_view name) {
  const std::string shown = NameText(name);
  const std::string ascii = Escaped(
      name, [](char32_t c) { return c < 0x20 || c > 0x7E; }, true);
  const bool plain = name.find(' ') == std::string_view::npos && !name.empty();
  if (shown == ascii) return plain ? shown : absl::StrCat("\"", shown, "\"");
  return absl::StrCat("\"", shown, "\" (in ASCII: ", ascii, ")");
}

std::string ListedName(std::string_view name) {
  bool ours = false, alike = false;
  for (std::string_view rest = name; !rest.empty();) {
    const std::optional<char32_t> c = TakeCharacter(rest);
    if (!c.has_value()) {
      rest.remove_prefix(1);
      continue;
    }
    ours = ours || (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z');
    alike = alike || Contains(kLikeLatin, *c);
  }
  return ours && alike ? DistinctName(name) : NameText(name);
}

std::size_t DisplayWidth(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) {
    const std::optional<char32_t> c = TakeCharacter(text);
    if (!c.has_value()) {
      text.remove_prefix(1);
      ++width;
    } else if (Contains(kWide, *c)) {
      width += 2;
    } else if (!Contains(kZeroWidth, *c)) {
      ++width;
    }
  }
  return width;
}

}  // namespace liveness::cli
