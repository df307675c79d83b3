// What a shell may offer for the word that is being written, from what --help says. Pure, thread-safe.
#pragma once

#include <string>
#include <vector>

#include "common/flags/command_doc.h"

namespace liveness::common {

struct Completion {
  enum class Rest : std::uint8_t {
    kNone,
    kFile,   // and any file
    kNames,  // and what only the program itself knows, for the argument called `argument`
  };
  struct Word {
    std::string text;  // whole; ends in `=` where a value is to follow
    std::string help;
  };

  std::vector<Word> words;
  Rest rest = Rest::kNone;
  std::string argument;               // NAME
  std::string prefix;                 // what stands before the part that `rest` is about: --tls-ca=
  std::string part;                   // that part, as far as it is written
  std::vector<std::string> commands;  // those that the words before name: server, drain
  std::vector<std::string> flags;     // the flags of `program` itself among the words before, as --flag=value
};

// `words` without the program's name; the last is the one that is being written, and may be empty.
Completion Complete(const CommandDoc& program, const std::vector<std::string>& words);

}  // namespace liveness::common
