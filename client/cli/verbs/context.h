// What a verb works with, and how it says that it failed.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "client/cli/api/api.h"
#include "client/cli/exit_code.h"
#include "client/cli/settings.h"
#include "client/cli/terminal.h"

namespace liveness::cli {

struct Context {
  const GlobalSettings& global;
  Terminal& terminal;
  // None for `beat`, `completion`, `doctor` and `health`, which connect in their own ways or not at all.
  std::unique_ptr<Api> api = nullptr;
};

// Writes `status` as an error about the server that `context.api` asked last.
// REQUIRES: there is such an api; !status.ok().
ExitCode Fail(const absl::Status& status, const Context& context);
// Writes that the server that `context.api` asked last knows no client `name`, which is written as the user
// gave it.
ExitCode FailNotFound(const std::string& name, const Context& context);
// Writes `message` as an error. Returns `code`.
ExitCode Fail(ExitCode code, const std::string& message, Terminal& terminal);

}  // namespace liveness::cli
