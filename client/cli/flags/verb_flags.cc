#include "client/cli/flags/verb_flags.h"

#include <CLI/CLI.hpp>
#include <utility>

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

void AddNames(CLI::App& verb, std::vector<std::string>& names) {
  verb.add_option("NAME", names, "Client ids, or clients/ID");
}

void AddNull(CLI::App& verb, GlobalSettings& global) {
  verb.add_flag("-0,--null", global.null_after_names,
                "Names alone (-o name), exactly as they are, and a NUL after each: for xargs -0");
}

Taken TakeNoWords(VerbSettings settings, const Words& words) {
  if (!words.empty()) return "unexpected argument: " + words[0];
  return settings;
}

}  // namespace liveness::cli
