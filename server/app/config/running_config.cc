#include "server/app/config/running_config.h"

#include <utility>

#include <spdlog/spdlog.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/strings.h"

namespace liveness::app {
namespace {

// `in /etc/liveness/livenessd.toml`
std::string Where(const Setting& setting, const std::string& file) {
  switch (setting.source) {
    case Setting::Source::kFile: return absl::StrCat("in ", common::Escape(file));
    case Setting::Source::kDefault: return "by default";
    default: return "as it was started";
  }
}

void TellRefused(const std::string& errors) {
  for (absl::string_view line : absl::StrSplit(errors, '\n', absl::SkipEmpty())) {
    if (absl::ConsumePrefix(&line, "Try ")) continue;
    absl::ConsumePrefix(&line, "livenessd: ");
    spdlog::error("reload: {}", common::ToStd(line));
  }
}

// How many hooks are in one of the two, or not the same in both.
std::size_t CountChanged(const std::vector<hooks::HookConfigPtr>& running,
                         const std::vector<hooks::HookConfigPtr>& wanted) {
  std::map<std::string, hooks::HookConfigPtr> by_name;
  for (const hooks::HookConfigPtr& hook : running) by_name[hook->name] = hook;
  std::size_t changed = 0;
  for (const hooks::HookConfigPtr& hook : wanted) {
    const auto at = by_name.find(hook->name);
    const bool same = at != by_name.end() && *at->second == *hook;
    if (!same) ++changed;
    if (at != by_name.end()) by_name.erase(at);
  }
  return changed + by_name.size();
}

}  // namespace

void RunningConfig::CanChange(const std::string& name, std::function<void(const Config&)> change) {
  changes_[name] = std::move(change);
}

std::string RunningConfig::Take(const ParsedConfig& again) {
  if (!again.config) {
    TellRefused(again.err);
    return "the configuration was refused, and all of it is as it was";
  }
  int taken = 0, left = 0;
  for (std::size_t i = 0; i < settings_.size(); ++i) {
    Setting& running = settings_[i];
    const Setting& wanted = again.config->settings[i];  // the same flags, in the same order
    if (SameValue(running, wanted)) continue;
    const std::string where = Where(wanted, again.config->file);
    if (const auto change = changes_.find(running.name); change != changes_.end()) {
      change->second(*again.config);
      spdlog::warn("reload: {} is {} now, {}; it was {}", running.name, ValueInWords(wanted), where,
                   ValueInWords(running));
      running = wanted;
      ++taken;
    } else {
      spdlog::warn("reload: {} is {} {} and {} here: it takes a restart", running.name, ValueInWords(wanted),
                   where, ValueInWords(running));
      ++left;
    }
  }
  const std::size_t hooks = CountChanged(hooks_, again.config->hooks);
  if (hooks != 0 && change_hooks_) {
    change_hooks_(*again.config);
    hooks_ = again.config->hooks;
  }
  std::vector<std::string> words;
  if (taken > 0) words.push_back(absl::StrCat("settings that changed: ", taken));
  if (hooks > 0) words.push_back(absl::StrCat("hooks that changed: ", hooks));
  if (left > 0) words.push_back(absl::StrCat("settings that take a restart: ", left));
  return absl::StrJoin(words, ", ");
}

}  // namespace liveness::app
