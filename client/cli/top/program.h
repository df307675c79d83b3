// `livenessctl top` at work: one loop over keys, signals and what the feed and the asker tell.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "client/cli/api/api.h"
#include "client/cli/settings.h"
#include "client/cli/top/screen.h"
#include "common/clock.h"

namespace liveness::cli::top {

// Runs until the user ends it, until one of `signals` comes that is not SIGWINCH, or until the terminal is
// gone. `api`: for questions. REQUIRES: `signals` are blocked.
void Run(const GlobalSettings& global, const std::string& filter, std::unique_ptr<Api> api,
         const std::vector<int>& signals, Screen& screen, const common::Clock& clock);

}  // namespace liveness::cli::top
