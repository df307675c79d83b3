// The names of clients as `-o name` and `-0` write them, the same in every verb. Not thread-safe.
#pragma once

#include <string_view>

#include "client/cli/settings.h"
#include "client/cli/terminal.h"

namespace liveness::cli {

// Writes `name`, clients/ID, on a line of its own and as NameText() shows it. With -0 it writes the very
// bytes of `name` and a NUL, for `xargs -0`.
void PrintName(std::string_view name, const GlobalSettings& global, Terminal& terminal);

}  // namespace liveness::cli
