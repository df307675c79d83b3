// The flags of `livenessctl beat`.
#pragma once

#include <string>
#include <vector>

#include "client/cli/settings.h"

namespace CLI {
class App;
}

namespace liveness::cli {

// Both are filled while `beat` parses, and must live until then. Labels are
// `KEY=VALUE` still.
void AddBeatFlags(CLI::App& beat, BeatSettings& settings, std::vector<std::string>& labels);

}  // namespace liveness::cli
