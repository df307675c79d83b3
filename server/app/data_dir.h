// Where a server that was not told keeps what it knows.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "server/net/listen_address.h"

namespace liveness::app {

// For none: the registry then lives as long as the process.
inline constexpr std::string_view kNoDataDir = ":memory:";

// $XDG_STATE_HOME/liveness/HOST:PORT, or below ~/.local/state: a directory for each address, so that two
// servers of one user do not meet; for a Unix socket `unix:` and its path with `_` for each `/`. A server
// on any free port (0) has no name to be found under again: kNoDataDir. FAILED_PRECONDITION if the
// environment names no home.
absl::StatusOr<std::string> DefaultDataDir(const net::ListenAddress& listen);

}  // namespace liveness::app
