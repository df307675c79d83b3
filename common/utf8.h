// What text is fit to be stored, logged and shown. Pure, thread-safe.
#pragma once

#include <string>
#include <string_view>

namespace liveness::common {

// True if `text` is well-formed UTF-8 (Unicode, table 3-7): no overlong form,
// no surrogate, nothing above U+10FFFF.
bool IsValidUtf8(std::string_view text);

// True if `text` holds a control character: C0 (U+0000-001F), DEL (U+007F) or
// C1 (U+0080-009F). REQUIRES: IsValidUtf8(text).
bool HasControlCharacter(std::string_view text);

// `text` for one line of a log or a terminal: as it is, or as Escape() writes it if it holds a control
// character or is no UTF-8.
std::string PlainLine(std::string_view text);

}  // namespace liveness::common
