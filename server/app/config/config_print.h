// `livenessd config print`: the configuration in force, as a file that has the same effect.
#pragma once

#include <string>
#include <vector>

#include "server/app/config/setting.h"
#include "server/hooks/hook_config.h"

namespace liveness::app {

// TOML: a line for each setting, with where its value comes from; defaults are commented out, so that the
// file does not pin them. Then the hooks, their urls masked: these lines are to be looked at. Of secrets
// there is only where they are kept. Pure, thread-safe.
std::string PrintConfig(const std::vector<Setting>& settings, const std::vector<hooks::HookConfigPtr>& hooks);

}  // namespace liveness::app
