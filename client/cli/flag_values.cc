#include "client/cli/flag_values.h"

#include <algorithm>
#include <cstddef>
#include <map>

#include "common/duration_text.h"

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

std::string CheckDuration(const std::string& text) {
  const auto duration = common::ParseDuration(text);
  return duration.ok() ? std::string() : std::string(duration.status().message());
}

std::string CheckServer(const std::string& text) {
  if (text.find("://") != std::string::npos || text.rfind("unix:", 0) == 0) return {};
  const std::size_t colon = text.rfind(':');
  const std::string port = colon == std::string::npos ? "" : text.substr(colon + 1);
  const bool digits = !port.empty() && port.size() <= 5 &&
                      std::all_of(port.begin(), port.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (colon == 0 || !digits || std::stoi(port) > 65535 || std::stoi(port) == 0) {
    return "'" + text + "' is not HOST:PORT";
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
