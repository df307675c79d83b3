// The flags of what operators do: `evict`, `maintenance`, `server`.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "client/cli/settings.h"

namespace CLI {
class App;
}

namespace liveness::cli {

// Filled while the command line is parsed; one of its parts is used.
struct AdminVerbs {
  EvictSettings evict;
  MaintenanceSettings maintenance;
  DrainSettings drain;
  const CLI::App* set = nullptr;  // of `maintenance`
  const CLI::App* clear = nullptr;
  const CLI::App* drain_verb = nullptr;
  const CLI::App* undrain_verb = nullptr;
};

// `verbs` lives while `app` parses.
void AddAdminVerbs(CLI::App& app, AdminVerbs& verbs);

// The settings of `verb`, or what is wrong with them; nothing if it is none of
// these verbs. `rest` is what followed a `--`. REQUIRES: parsed.
std::optional<std::variant<VerbSettings, std::string>> TakeAdmin(const std::string& verb,
                                                                 const GlobalSettings& global,
                                                                 AdminVerbs& verbs,
                                                                 const std::vector<std::string>& rest);

}  // namespace liveness::cli
