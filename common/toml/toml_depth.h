// How deep TOML goes, found out before it is parsed: toml++ bounds neither the parts of a key nor the tables
// that they make, and goes through those, and drops them, by recursion. `a.a.a. ...` of a hundred thousand
// parts would be the end of the stack.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "common/toml/toml_error.h"

namespace liveness::common {

// The most that any file of this project's needs, several times over.
inline constexpr std::size_t kMaxTomlKeyParts = 16;
inline constexpr std::size_t kMaxTomlNesting = 32;  // arrays and inline tables, one in the other

// The first place where a key has more parts, or where values are nested deeper. Whatever `text` is; of what
// is no TOML it may name a place that the parser would not have come to. Pure, thread-safe.
std::optional<TomlError> FindTooDeep(std::string_view text);

}  // namespace liveness::common
