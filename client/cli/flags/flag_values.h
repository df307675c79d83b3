// What the values of flags look like, and flags that take the ones with a form of their own.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "client/cli/settings.h"
#include "common/clock.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace liveness::cli {

// A flag whose value is a duration (`250ms`) or a moment (RFC 3339). `set` is called with it while `app`
// parses. `app` owns the option.
CLI::Option* AddDuration(CLI::App& app, const std::string& flag, std::function<void(common::Duration)> set,
                         const std::string& help);
CLI::Option* AddTime(CLI::App& app, const std::string& flag, std::function<void(common::WallTime)> set,
                     const std::string& help);

// Each check returns what is wrong with `text`, or nothing. Pure, thread-safe.
// Refuses what is surely no HOST:PORT and no unix:PATH. Faults that it does not see are told when connecting
// fails.
std::string CheckServer(const std::string& text);
std::string CheckFormat(const std::string& text);
std::string CheckLabel(const std::string& text);

// The format called `text`; none if no format is. Pure, thread-safe.
std::optional<OutputFormat> FormatByName(const std::string& text);
}  // namespace liveness::cli
