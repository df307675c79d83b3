#include "client/cli/flags/flag_values.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "common/duration_text.h"
#include "common/target.h"

namespace liveness::cli {
namespace {

// The moment that `text` names as in RFC 3339.
absl::StatusOr<common::WallTime> ParseTime(std::string_view text) {
  absl::Time time;
  // absl::ParseTime() takes words for the ends of time as well.
  const bool date = !text.empty() && text[0] >= '0' && text[0] <= '9';
  if (date && absl::ParseTime(absl::RFC3339_full, std::string(text), &time, nullptr)) {
    const std::int64_t nanos = absl::ToUnixNanos(time);
    // False if it is further away than 64 bits reach.
    if (absl::FromUnixNanos(nanos) == time) return common::WallTime(common::Duration(nanos));
  }
  return absl::InvalidArgumentError(
      absl::StrCat("'", std::string(text), "' is no time such as 2026-01-31T06:00:00Z"));
}

// A flag whose value `parse` reads, or says what is wrong with it.
template <typename Value>
CLI::Option* AddValue(CLI::App& app, const std::string& flag, std::function<void(Value)> set,
                      const std::string& help, absl::StatusOr<Value> (*parse)(std::string_view),
                      const std::string& type, const std::string& check_name) {
  const auto take = [set = std::move(set), parse](const CLI::results_t& texts) {
    const auto value = parse(texts.back());
    if (value.ok()) set(*value);
    return value.ok();
  };
  const auto check = [parse](const std::string& text) { return std::string(parse(text).status().message()); };
  return app.add_option(flag, take, help)->type_name(type)->check(CLI::Validator(check, "", check_name));
}

}  // namespace

CLI::Option* AddDuration(CLI::App& app, const std::string& flag, std::function<void(common::Duration)> set,
                         const std::string& help) {
  return AddValue(app, flag, std::move(set), help, common::ParseDuration, "DURATION", "duration");
}

CLI::Option* AddTime(CLI::App& app, const std::string& flag, std::function<void(common::WallTime)> set,
                     const std::string& help) {
  return AddValue(app, flag, std::move(set), help, ParseTime, "TIME", "time");
}

std::optional<OutputFormat> FormatByName(const std::string& text) {
  static const std::map<std::string, OutputFormat> kFormats = {{"table", OutputFormat::kTable},
                                                               {"wide", OutputFormat::kWide},
                                                               {"json", OutputFormat::kJson},
                                                               {"yaml", OutputFormat::kYaml},
                                                               {"name", OutputFormat::kName}};
  const auto found = kFormats.find(text);
  return found == kFormats.end() ? std::nullopt : std::optional<OutputFormat>(found->second);
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
