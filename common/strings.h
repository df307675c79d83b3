// Joining and escaping text. Debian's Abseil has a string_view of its own that
// is not std::string_view, so absl::StrCat does not take ours; these do.
// Pure, thread-safe.
#pragma once

#include <concepts>
#include <string>
#include <string_view>

#include "absl/strings/string_view.h"

namespace liveness::common {

inline absl::string_view ToAbsl(std::string_view text) { return {text.data(), text.size()}; }
inline std::string_view ToStd(absl::string_view text) { return {text.data(), text.size()}; }

namespace strings_internal {
inline void Append(std::string& out, std::string_view part) { out.append(part); }
template <std::integral Number>
requires(!std::same_as<Number, char> && !std::same_as<Number, bool>) void Append(std::string& out,
                                                                                 Number part) {
  out.append(std::to_string(part));
}
}  // namespace strings_internal

// All parts, texts and whole numbers, one after the other.
template <typename... Parts>
std::string StrCat(const Parts&... parts) {
  std::string out;
  (strings_internal::Append(out, parts), ...);
  return out;
}

// `text` as printable ASCII: quotes, backslashes and everything else escaped as
// in C. Fit for a log line, a terminal and a Protobuf string.
std::string Escape(std::string_view text);

}  // namespace liveness::common
