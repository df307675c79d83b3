// A bearer token in a file of its own, and where it may be shown. Thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace liveness::common {

// The metadata that bears it, as `Bearer TOKEN`.
inline constexpr char kAuthorization[] = "authorization";

// What it bears.
std::string BearerOf(std::string_view token);
// The token in what a call bears; nothing if that is of another scheme.
std::optional<std::string_view> TokenOf(std::string_view authorization);

// The token in the file at `path`: its one line, without what ends it. INVALID_ARGUMENT, with `name` (of a
// flag or a field), the path and what is wrong; never with what the file holds. Blocks for as long as a disk
// does.
absl::StatusOr<std::string> ReadTokenFile(std::string_view name, const std::string& path);

// OK if nobody on the way to `target` (common/target.h) can read along: it is reached over TLS, or is this
// host. INVALID_ARGUMENT, with `name`, otherwise. Pure.
absl::Status CheckTokenIsSafe(std::string_view name, std::string_view target, bool tls);

}  // namespace liveness::common
