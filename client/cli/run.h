// livenessctl after its command line was read.
#pragma once

#include "client/cli/exit_code.h"
#include "client/cli/settings.h"
#include "client/cli/terminal.h"

namespace liveness::cli {

// Does what `settings` ask for and returns the process's exit code. REQUIRES: gRPC has not been used yet; one
// thread.
ExitCode Run(const Settings& settings, Terminal& terminal);

}  // namespace liveness::cli
