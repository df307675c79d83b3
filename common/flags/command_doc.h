// What --help says of a program, as data: its man page and its shell completions are made of the same.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace liveness::common {

struct FlagDoc {
  std::vector<std::string> names;  // -o, --output; of an argument that stands by itself: NAME
  bool is_positional = false;
  std::string value;                 // what it takes, for people: FILE; empty: nothing
  std::vector<std::string> choices;  // all that it takes, if that is a list
  std::string help;
  std::string variable;  // of the environment, that stands in for it
};

struct CommandDoc {
  std::string name;    // without that of its parent
  std::string help;    // its first line is the title
  std::string footer;  // examples, exit codes
  std::vector<FlagDoc> flags;
  std::vector<CommandDoc> commands;
};

// All that `app` shows. A value whose type is written `a|b|c`, in lower case alone, is one of these, and so
// is one that CLI::IsMember() checks. Not of the CLI11 in its header, which few files are to include.
CommandDoc DocOf(const CLI::App& app);

}  // namespace liveness::common
