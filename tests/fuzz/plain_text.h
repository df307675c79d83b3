// Text as a terminal and a log may have it. Header only.
#pragma once

#include <string_view>

#include "common/utf8.h"
#include "tests/fuzz/fuzz.h"

namespace liveness::fuzz {

inline bool IsPlain(std::string_view text) {
  return common::IsValidUtf8(text) && !common::HasControlCharacter(text);
}

// Requires `property`: each line of `text` is plain.
inline void RequirePlainLines(std::string_view text, std::string_view property) {
  while (!text.empty()) Require(IsPlain(TakeLine(text)), property);
}

}  // namespace liveness::fuzz
