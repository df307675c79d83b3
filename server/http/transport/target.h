// What stands between method and version of a request line: `/api/v1/clients/web%201?view=FULL`. Pure,
// thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace liveness::http {

struct Target {
  std::string path;
  std::vector<std::pair<std::string, std::string>> query;
};

// Decodes percent escapes, and `+` of a query as a space. Nothing is made shorter: `..` is a name like any
// other, because paths are looked up in tables and never in a file system.
// INVALID_ARGUMENT BAD_TARGET for anything but a path (`http://...`, `*`), a bad escape, and what decodes to
// control characters or to no UTF-8.
absl::StatusOr<Target> ParseTarget(std::string_view target);

}  // namespace liveness::http
