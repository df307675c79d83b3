// A verb of the command line, with its help.
#pragma once

#include <string>

namespace CLI {
class App;
}

namespace liveness::cli {

// Below `parent`, which owns it. `examples` are whole lines.
CLI::App& AddVerb(CLI::App& parent, const std::string& name, const std::string& help,
                  const std::string& examples);

// `--filter` of a verb that chooses clients by it. `filter` lives while `verb` parses.
void AddFilter(CLI::App& verb, std::string& filter);

}  // namespace liveness::cli
