// Values of flags in TOML, read and written. Pure functions, thread-safe.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/toml/table_reader.h"
#include "server/app/config/setting.h"

namespace liveness::app {

// The value of `key` as a flag takes it: with `commas` several in one. Nothing if the key is not there, or if
// its value is not of that kind, which `reader` then tells; empty for an empty array.
std::optional<std::vector<std::string>> ReadValues(common::TableReader& reader, const std::string& key,
                                                   Setting::Kind kind, bool commas);

// What of `setting` stands behind the `=`, on one line. Nothing if it has no value, or if TOML cannot hold
// it: a text that is not UTF-8, a number beyond 2^63.
std::optional<std::string> WriteValue(const Setting& setting);

}  // namespace liveness::app
