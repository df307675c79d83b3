#include "client/cli/flags/add_verb.h"

#include <CLI/CLI.hpp>

namespace liveness::cli {

CLI::App& AddVerb(CLI::App& parent, const std::string& name, const std::string& help,
                  const std::string& examples) {
  CLI::App& verb = *parent.add_subcommand(name, help);
  verb.footer("Examples:\n" + examples + "\nExit codes: livenessctl --help");
  return verb;
}

void AddFilter(CLI::App& verb, std::string& filter) {
  verb.add_option("--filter", filter, "Only what matches this AIP-160 filter")->type_name("FILTER");
}

}  // namespace liveness::cli
