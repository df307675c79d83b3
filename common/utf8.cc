#include "common/utf8.h"

#include <cstddef>

#include "common/strings.h"

namespace liveness::common {
namespace {

unsigned char Byte(std::string_view text, std::size_t index) {
  return static_cast<unsigned char>(text[index]);
}

// The length of the well-formed sequence at `start`, or 0. All restrictions of
// UTF-8 beyond the bit patterns lie in the range of the second byte.
std::size_t SequenceLength(std::string_view text, std::size_t start) {
  const unsigned char lead = Byte(text, start);
  if (lead < 0x80) return 1;
  std::size_t length = 0;
  unsigned char low = 0x80;
  unsigned char high = 0xBF;
  if (lead >= 0xC2 && lead <= 0xDF) {
    length = 2;
  } else if (lead >= 0xE0 && lead <= 0xEF) {
    length = 3;
    if (lead == 0xE0) low = 0xA0;   // overlong
    if (lead == 0xED) high = 0x9F;  // surrogates
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    length = 4;
    if (lead == 0xF0) low = 0x90;   // overlong
    if (lead == 0xF4) high = 0x8F;  // above U+10FFFF
  } else {
    return 0;
  }
  if (text.size() - start < length) return 0;
  if (Byte(text, start + 1) < low || Byte(text, start + 1) > high) return 0;
  for (std::size_t i = start + 2; i < start + length; ++i) {
    if ((Byte(text, i) & 0xC0) != 0x80) return 0;
  }
  return length;
}

}  // namespace

bool IsValidUtf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = SequenceLength(text, i);
    if (length == 0) return false;
    i += length;
  }
  return true;
}

bool HasControlCharacter(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const unsigned char byte = Byte(text, i);
    if (byte < 0x20 || byte == 0x7F) return true;
    // C1 is encoded as C2 80 - C2 9F, and C2 is never a continuation byte.
    if (byte == 0xC2 && i + 1 < text.size() && Byte(text, i + 1) < 0xA0) return true;
  }
  return false;
}

std::string PlainLine(std::string_view text) {
  return IsValidUtf8(text) && !HasControlCharacter(text) ? std::string(text) : Escape(text);
}

}  // namespace liveness::common
