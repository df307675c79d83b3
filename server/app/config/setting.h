// A flag and the value that is in force, wherever that comes from: what `config print` writes and what a
// reload compares.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace liveness::app {

struct Setting {
  enum class Kind {
    kBoolean,
    kInteger,
    kFloat,
    kDuration,
    kText,
    kTexts,  // none, one or several
  };
  enum class Source { kDefault, kFile, kEnvironment, kFlag };

  std::string name;   // of the flag, without its dashes; the key in a file
  std::string group;  // of the flags in --help
  std::string type;   // as --help names it: "DURATION", "COUNT"
  Kind kind = Kind::kText;
  std::vector<std::string> values;  // as a flag takes them; numbers as TOML writes them; empty: none is set
  Source source = Source::kDefault;
  std::size_t line = 0;  // of kFile
};

// As a flag would name it: `250ms`, `a,b`; `not set`. Pure, thread-safe.
std::string ValueInWords(const Setting& setting);

// They mean the same: `60s` is `1m`. Pure, thread-safe.
bool SameValue(const Setting& a, const Setting& b);

// The environment's name of a setting: `min-interval` is LIVENESSD_MIN_INTERVAL. Pure, thread-safe.
std::string EnvironmentName(std::string_view name);

}  // namespace liveness::app
