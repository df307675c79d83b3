#include "client/cli/flags/flag_values.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <string>

#include "absl/time/time.h"
#include "common/duration_text.h"
#include "common/target.h"

namespace liveness::cli {

std::optional<OutputFormat> FormatByName(const std::string& text) {
  static const std::map<std::string, OutputFormat> kFormats = {{"table", OutputFormat::kTable},
                                                               {"wide", OutputFormat::kWide},
                                                               {"json", OutputFormat::kJson},
                                                               {"yaml", OutputFormat::kYaml},
                                                               {"name", OutputFormat::kName}};
  const auto found = kFormats.find(text);
  return found == kFormats.end() ? std::nullopt : std::optional<OutputFormat>(found->second);
}

std::optional<common::WallTime> ParseTime(const std::string& text) {
  absl::Time time;
  std::string wrong;
  // It knows words for the ends of time as well.
  const bool date = !text.empty() && text[0] >= '0' && text[0] <= '9';
  if (!date || !absl::ParseTime(absl::RFC3339_full, text, &time, &wrong)) return std::nullopt;
  const std::int64_t nanos = absl::ToUnixNanos(time);
  if (absl::FromUnixNanos(nanos) != time) return std::nullopt;  // further than 64 bits reach
  return common::WallTime(common::Duration(nanos));
}

std::string CheckTime(const std::string& text) {
  return ParseTime(text) ? std::string() : "'" + text + "' is no time such as 2026-01-31T06:00:00Z";
}

std::string CheckDuration(const std::string& text) {
  const auto duration = common::ParseDuration(text);
  return duration.ok() ? std::string() : std::string(duration.status().message());
}

std::string CheckServer(const std::string& text) {
  if (text.starts_with(common::kUnixTarget)) {
    const std::string problem = common::TargetProblem(text);
    return problem.empty() ? problem : "'" + text + "' " + problem;
  }
  if (text.find("://") != std::string::npos) return {};
  const std::size_t colon = text.rfind(':');
  const std::string port = colon == std::string::npos ? "" : text.substr(colon + 1);
  const bool digits = !port.empty() && port.size() <= 5 &&
                      std::all_of(port.begin(), port.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (colon == 0 || !digits || std::stoi(port) > 65535 || std::stoi(port) == 0) {
    return "'" + text + "' is neither HOST:PORT nor unix:PATH";
  }
  return {};
}

std::string CheckFormat(const std::string& text) {
  return FormatByName(text) ? std::string() : "'" + text + "' is not table, wide, json, yaml or name";
}

std::string CheckLabel(const std::string& text) {
  const std::size_t equals = text.find('=');
  return equals == 0 || equals == std::string::npos ? "'" + text + "' is not KEY=VALUE" : std::string();
}

}  // namespace liveness::cli
