// What the values of flags look like. Each check returns what is wrong with
// `text`, or nothing. Pure, thread-safe.
#pragma once

#include <optional>
#include <string>

#include "client/cli/settings.h"

namespace liveness::cli {

std::string CheckDuration(const std::string& text);
// Refuses what is surely no HOST:PORT and no unix:PATH; the rest of its faults connecting will tell.
std::string CheckServer(const std::string& text);
std::string CheckFormat(const std::string& text);
std::string CheckLabel(const std::string& text);
std::string CheckTime(const std::string& text);

// The format called `text`; none if there is none such.
std::optional<OutputFormat> FormatByName(const std::string& text);
// The moment that `text` names as in RFC 3339; none if it does not.
std::optional<common::WallTime> ParseTime(const std::string& text);

}  // namespace liveness::cli
