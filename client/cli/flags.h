// The command line: what livenessctl accepts, and its help.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "client/cli/exit_code.h"
#include "client/cli/settings.h"

namespace liveness::cli {

// What to print where the command line asks for no work: help, the version, or what is wrong with it.
struct Message {
  std::string text;
  bool error = false;  // to stderr, with `code`; else stdout and kOk
  ExitCode code = ExitCode::kUsage;
};

// Reads `args` (without the program's name); LIVENESS_* variables stand in for
// flags that are absent. What follows a `--` is the command of `beat`, or names.
std::variant<Settings, Message> ParseFlags(std::vector<std::string> args);

}  // namespace liveness::cli
