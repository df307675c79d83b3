#include "server/app/config/config_print.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "server/app/config/toml_values.h"
#include "server/app/version.h"
#include "server/hooks/hook_table.h"

namespace liveness::app {
namespace {

// Where the comments stand, if the value lets them.
constexpr std::size_t kColumn = 40;

std::string OriginOf(const Setting& setting) {
  switch (setting.source) {
    case Setting::Source::kFlag: return "flag";
    case Setting::Source::kEnvironment: return "environment";
    case Setting::Source::kFile: return absl::StrCat("file, line ", setting.line);
    case Setting::Source::kDefault: break;
  }
  return setting.values.empty() ? "not set" : "default";
}

std::string LineOf(const Setting& setting) {
  const auto value = WriteValue(setting);
  std::string line, origin = OriginOf(setting);
  if (setting.source == Setting::Source::kDefault) {
    line = absl::StrCat("# ", setting.name, " = ", value.value_or(setting.type));
  } else if (value) {
    line = absl::StrCat(setting.name, " = ", *value);
  } else {
    line = absl::StrCat("# ", setting.name, ": its value cannot stand in TOML");
  }
  if (line.size() < kColumn) line.resize(kColumn, ' ');
  return absl::StrCat(line, "  # ", origin, "\n");
}

}  // namespace

std::string PrintConfig(const std::vector<Setting>& settings,
                        const std::vector<hooks::HookConfigPtr>& hooks) {
  std::string text = absl::StrCat("# livenessd ", kVersion, ". What is commented out is the default.\n");
  std::string group;
  for (const Setting& setting : settings) {
    if (setting.group != group) absl::StrAppend(&text, "\n# ", group = setting.group, "\n");
    absl::StrAppend(&text, LineOf(setting));
  }
  for (const hooks::HookConfigPtr& hook : hooks) absl::StrAppend(&text, "\n", hooks::HookAsToml(*hook));
  return text;
}

}  // namespace liveness::app
