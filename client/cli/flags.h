// The command line: what livenessctl accepts, and its help.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "client/cli/exit_code.h"
#include "client/cli/settings.h"
#include "common/flags/command_doc.h"

namespace liveness::cli {

// What to print where the command line asks for no work: help, the version, or what is wrong with it.
struct Message {
  std::string text;
  ExitCode code = ExitCode::kOk;
  bool to_stderr = false;  // else to stdout
};

// All that livenessctl accepts, as its help shows it.
common::CommandDoc ProgramDoc();

// Reads `args` (without the program's name); LIVENESS_* variables stand in for
// flags that are absent. What follows a `--` is the command of `beat`, or names.
std::variant<Settings, Message> ParseFlags(std::vector<std::string> args);

}  // namespace liveness::cli
