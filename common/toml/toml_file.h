// TOML from a file.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "common/toml/toml.h"
#include "common/toml/toml_error.h"

namespace liveness::common {

// Longer ones are refused: nobody wrote them.
inline constexpr std::size_t kMaxTomlBytes = 1024 * 1024;

struct TomlFile {
  toml::table table;              // empty if there are errors
  std::vector<TomlError> errors;  // of what is no TOML the first alone
};

// Of `text`. Pure, thread-safe.
TomlFile ParseToml(std::string_view text);

// Of the file at `path`: a regular one, or a link to one. Blocks for as long as a disk does. Thread-safe.
TomlFile ReadTomlFile(const std::string& path);

// `text` as TOML writes a text: in quotes, all that is not printable escaped. REQUIRES: it is UTF-8.
std::string TomlText(std::string_view text);

}  // namespace liveness::common
