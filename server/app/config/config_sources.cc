#include "server/app/config/config_sources.h"

#include <cstdlib>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/flags/command_line.h"
#include "common/strings.h"
#include "common/toml/table_reader.h"
#include "common/toml/toml_file.h"
#include "common/utf8.h"
#include "server/app/config/option_setting.h"
#include "server/app/config/toml_values.h"
#include "server/hooks/hook_table.h"

namespace liveness::app {
namespace {

std::string ReplaceFirst(std::string text, const std::string& what, const std::string& by) {
  if (const auto at = text.find(what); at != std::string::npos) text.replace(at, what.size(), by);
  return text;
}

}  // namespace

ConfigSources::ConfigSources(CLI::App& app, CLI::Option& file) : file_(file), options_(SettingOptions(app)) {}

void ConfigSources::RefuseRepeated() {
  RefuseIfRepeated(file_);
  for (const CLI::Option* const option : options_) RefuseIfRepeated(*option);
}

void ConfigSources::RefuseIfRepeated(const CLI::Option& option) {
  if (option.count() < 2 || option.get_items_expected_max() > 1 ||
      option.get_multi_option_policy() == CLI::MultiOptionPolicy::TakeAll) {
    return;
  }
  const char* const hint = TakesCommas(option) ? "; several values stand in one, with commas" : "";
  errors_.push_back(absl::StrCat("livenessd: --", KeyOf(option), " is given twice", hint));
}

void ConfigSources::TakeEnvironment() {
  TakeVariable(file_);
  for (CLI::Option* const option : options_) TakeVariable(*option);
}

void ConfigSources::TakeVariable(CLI::Option& option) {
  const char* const value = std::getenv(EnvironmentName(KeyOf(option)).c_str());
  if (value == nullptr || option.count() > 0) return;
  std::vector<std::string> values = {value};
  if (KindOf(option) == Setting::Kind::kTexts && !TakesCommas(option)) values = absl::StrSplit(value, ',');
  Give(option, values, {Setting::Source::kEnvironment});
}

void ConfigSources::TakeFile(const std::string& path) {
  path_ = path;
  common::TomlFile file = common::ReadTomlFile(path);
  file_errors_ = std::move(file.errors);
  if (!file_errors_.empty()) return;
  common::TableReader reader(file.table, file_errors_);
  for (CLI::Option* const option : options_) {
    const std::string key = KeyOf(*option);
    const auto values = ReadValues(reader, key, KindOf(*option), TakesCommas(*option));
    if (!values || values->empty() || option->count() > 0) continue;
    const toml::source_position begin = file.table.get(key)->source().begin;
    Give(*option, *values, {Setting::Source::kFile, begin.line, begin.column});
  }
  if (const toml::node* const tables = reader.Find("hook")) hooks_ = hooks::ReadHooks(*tables, file_errors_);
  reader.RefuseOthers();  // after all that is no flag and stands in the file as well
}

void ConfigSources::Give(CLI::Option& option, const std::vector<std::string>& values, const Place& place) {
  const std::string flag = option.get_name();
  places_[flag] = place;
  try {
    common::GiveValues(option, values);
  } catch (const CLI::ParseError& error) {
    Add(place, flag, common::PlainText(error.what()));
  }
}

void ConfigSources::Refuse(const std::string& wrong) {
  const std::string flag = wrong.substr(0, wrong.find_first_of(":= "));
  const auto place = places_.find(flag);
  Add(place == places_.end() ? Place() : place->second, flag, wrong);
}

void ConfigSources::Add(const Place& place, const std::string& flag, const std::string& wrong) {
  const std::string text = common::PlainLine(wrong);  // it quotes the value
  if (place.source == Setting::Source::kFile) {
    file_errors_.push_back({place.line, place.column, ReplaceFirst(text, flag, flag.substr(2))});
  } else if (place.source == Setting::Source::kEnvironment) {
    errors_.push_back(absl::StrCat("livenessd: ", ReplaceFirst(text, flag, EnvironmentName(flag.substr(2)))));
  } else {
    errors_.push_back(absl::StrCat("livenessd: ", text));
  }
}

std::string ConfigSources::Errors() const {
  std::string all;
  for (const std::string& each : errors_) absl::StrAppend(&all, each, "\n");
  auto of_file = file_errors_;
  common::SortTomlErrors(of_file);
  for (const common::TomlError& each : of_file) {
    absl::StrAppend(&all, common::FormatTomlError(path_, each), "\n");
  }
  if (!errors_.empty()) absl::StrAppend(&all, "Try 'livenessd --help'.\n");
  return all;
}

std::vector<Setting> ConfigSources::Settings() const {
  std::vector<Setting> settings;
  for (const CLI::Option* const option : options_) {
    Setting setting = SettingOf(*option);
    if (const auto place = places_.find(option->get_name()); place != places_.end()) {
      setting.source = place->second.source;
      setting.line = place->second.line;
    }
    settings.push_back(std::move(setting));
  }
  return settings;
}

}  // namespace liveness::app
