// What the verbs' flags have in common. The flags of one verb are beside what it does, in verbs/.
#pragma once

#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "client/cli/settings.h"

namespace CLI {
class App;
}

namespace liveness::cli {

// The settings of a verb, or what is wrong with them.
using Taken = std::variant<VerbSettings, std::string>;

using Words = std::vector<std::string>;

// A verb of the command line. It owns the settings that its flags fill: it lives while its program parses.
struct Verb {
  const CLI::App* app = nullptr;
  // What was parsed. `words` are those that followed a `--`. REQUIRES: `app` was parsed.
  std::function<Taken(const GlobalSettings& global, const Words& words)> take;
};

// A verb below `parent`, which owns it. `examples` are whole lines.
CLI::App& AddVerb(CLI::App& parent, const std::string& name, const std::string& help,
                  const std::string& examples);

// The flags below fill their last argument while `verb` parses.

// `--filter` of a verb that chooses clients by it.
void AddFilter(CLI::App& verb, std::string& filter);
// NAMEs of clients.
void AddNames(CLI::App& verb, std::vector<std::string>& names);
// `-0` of a verb that prints names.
void AddNull(CLI::App& verb, GlobalSettings& global);

// `settings` of a verb that takes no words after a `--`.
Taken TakeNoWords(VerbSettings settings, const Words& words);
// `settings` of the verb `name`, which takes `words` as further names and needs one at least.
template <typename NamedSettings>
Taken TakeNames(const std::string& name, NamedSettings settings, const Words& words) {
  settings.names.insert(settings.names.end(), words.begin(), words.end());
  if (settings.names.empty()) return name + " needs a NAME; livenessctl list shows them";
  return settings;
}

}  // namespace liveness::cli
