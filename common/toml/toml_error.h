// What is wrong in a TOML file, and where.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace liveness::common {

struct TomlError {
  std::size_t line = 0;    // from 1; 0: the file as a whole
  std::size_t column = 0;  // from 1, in characters
  std::string text;        // printable, without a full stop

  friend bool operator==(const TomlError&, const TomlError&) = default;
};

// `FILE:LINE:COLUMN: text`, or `FILE: text`. Pure, thread-safe.
std::string FormatTomlError(std::string_view file, const TomlError& error);

// In the order of the file. Pure, thread-safe.
void SortTomlErrors(std::vector<TomlError>& errors);

// INVALID_ARGUMENT with all of them, a line each. Pure, thread-safe. REQUIRES: there is one.
absl::Status TomlErrorsOf(std::string_view file, std::vector<TomlError> errors);

}  // namespace liveness::common
