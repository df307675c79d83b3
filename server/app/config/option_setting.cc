#include "server/app/config/option_setting.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string_view>

#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace liveness::app {
namespace {

// Types as --help names them, CLI11's and ours; all others are texts.
constexpr std::string_view kIntegers[] = {"INT", "UINT", "COUNT", "MIB"};
constexpr std::string_view kFloats[] = {"FLOAT", "SHARE", "PENALTY"};
constexpr std::string_view kDuration = "DURATION";
constexpr std::string_view kList = ",...";

// CLI11 names a type and what it checks: `COUNT:INT in [1 - 256]`.
bool IsType(std::string_view named, std::string_view type) {
  return named.starts_with(type) && (named.size() == type.size() || named[type.size()] == ':');
}

std::string Float(const CLI::Option& option) {
  char text[64];
  const auto end = std::to_chars(text, text + sizeof(text), option.as<double>()).ptr;
  return {text, end};
}

std::vector<std::string> ValuesOf(const CLI::Option& option, Setting::Kind kind) {
  if (kind == Setting::Kind::kBoolean) {
    return {option.count() > 0 && option.as<bool>() ? "true" : "false"};
  }
  std::vector<std::string> given = option.results();
  if (given.empty() && !option.get_default_str().empty()) given = {option.get_default_str()};
  if (given.empty()) return {};
  if (kind == Setting::Kind::kInteger) {
    // Not the text: `010` is octal for a flag, and none of TOML's numbers.
    return {std::to_string(option.as<std::int64_t>())};
  }
  if (kind == Setting::Kind::kFloat) return {Float(option)};
  if (TakesCommas(option)) return absl::StrSplit(absl::StrJoin(given, ","), ',');
  return given;
}

}  // namespace

std::vector<CLI::Option*> SettingOptions(CLI::App& app) {
  std::vector<CLI::Option*> options;
  for (const std::string& group : app.get_groups()) {
    for (CLI::Option* const option : app.get_options([&group](const CLI::Option* each) {
           return each->get_group() == group && each->get_configurable();
         })) {
      options.push_back(option);
    }
  }
  return options;
}

std::string KeyOf(const CLI::Option& option) { return option.get_lnames().front(); }

Setting::Kind KindOf(const CLI::Option& option) {
  if (option.get_items_expected_max() == 0) return Setting::Kind::kBoolean;
  if (option.get_items_expected_max() > 1 || TakesCommas(option) ||
      option.get_multi_option_policy() == CLI::MultiOptionPolicy::TakeAll) {
    return Setting::Kind::kTexts;
  }
  const std::string type = option.get_type_name();
  for (const std::string_view each : kIntegers) {
    if (IsType(type, each)) return Setting::Kind::kInteger;
  }
  for (const std::string_view each : kFloats) {
    if (IsType(type, each)) return Setting::Kind::kFloat;
  }
  return IsType(type, kDuration) ? Setting::Kind::kDuration : Setting::Kind::kText;
}

bool TakesCommas(const CLI::Option& option) {
  return option.get_type_name().find(kList) != std::string::npos;
}

Setting SettingOf(const CLI::Option& option) {
  Setting setting;
  setting.name = KeyOf(option);
  setting.group = option.get_group();
  setting.kind = KindOf(option);
  setting.type = option.get_type_name();
  if (setting.kind == Setting::Kind::kInteger || setting.kind == Setting::Kind::kFloat) {
    setting.type.resize(std::min(setting.type.find(':'), setting.type.size()));
  }
  setting.values = ValuesOf(option, setting.kind);
  setting.source = option.count() > 0 ? Setting::Source::kFlag : Setting::Source::kDefault;
  return setting;
}

}  // namespace liveness::app
