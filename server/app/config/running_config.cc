#include "server/app/config/running_config.h"

#include <utility>

#include <spdlog/spdlog.h>

#include "absl/strings/str_cat.h"
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
  std::string words;
  if (taken > 0) words = absl::StrCat("settings that changed: ", taken);
  if (left > 0) absl::StrAppend(&words, taken > 0 ? ", " : "", "settings that take a restart: ", left);
  return words;
}

}  // namespace liveness::app
