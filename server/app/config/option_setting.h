// What CLI11 knows of a flag, as a setting: from here the keys of a file and their types are, so that a flag
// that is added stands in the file by itself. Thread-compatible.
#pragma once

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "server/app/config/setting.h"

namespace liveness::app {

// The flags that are settings, in the order of --help: all but --help, --version and --config.
std::vector<CLI::Option*> SettingOptions(CLI::App& app);

// `--min-interval` is `min-interval`.
std::string KeyOf(const CLI::Option& option);
Setting::Kind KindOf(const CLI::Option& option);
// Several values stand in one, with commas: `--listen=A,B`.
bool TakesCommas(const CLI::Option& option);

// `option` with its value; kFlag or kDefault. REQUIRES: it was parsed without an error.
Setting SettingOf(const CLI::Option& option);

}  // namespace liveness::app
