#include "common/toml/toml_error.h"

#include <algorithm>
#include <tuple>

#include "common/strings.h"

namespace liveness::common {

std::string FormatTomlError(std::string_view file, const TomlError& error) {
  if (error.line == 0) return StrCat(Escape(file), ": ", error.text);
  return StrCat(Escape(file), ":", error.line, ":", error.column, ": ", error.text);
}

void SortTomlErrors(std::vector<TomlError>& errors) {
  std::stable_sort(errors.begin(), errors.end(), [](const TomlError& a, const TomlError& b) {
    return std::tie(a.line, a.column) < std::tie(b.line, b.column);
  });
}

absl::Status TomlErrorsOf(std::string_view file, std::vector<TomlError> errors) {
  SortTomlErrors(errors);
  std::string all;
  for (const TomlError& each : errors) {
    if (!all.empty()) all += '\n';
    all += FormatTomlError(file, each);
  }
  return absl::InvalidArgumentError(all);
}

}  // namespace liveness::common
