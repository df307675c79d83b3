// The configuration that a running server has, and what a reload makes of it: what can change while it serves
// is taken, and what cannot is named. Not thread-safe: main's.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "server/app/config/config.h"
#include "server/app/config/setting.h"

namespace liveness::app {

class RunningConfig {
 public:
  explicit RunningConfig(std::vector<Setting> settings, std::vector<hooks::HookConfigPtr> hooks = {})
      : settings_(std::move(settings)), hooks_(std::move(hooks)) {}

  // Once each, before Take(): `change` has the server go by the new value of `name`.
  void CanChange(const std::string& name, std::function<void(const Config&)> change);

  // The same for all hooks, which take their new ones together.
  void CanChangeHooks(std::function<void(const Config&)> change) { change_hooks_ = std::move(change); }

  // Goes by what was read again. Tells each setting that differs: that it changed, or that it takes a
  // restart, again and again for as long as it differs. If anything is wrong with `again`, all stays as it
  // was. Returns what came of it as a part of a sentence; empty if nothing differs.
  std::string Take(const ParsedConfig& again);

 private:
  std::vector<Setting> settings_;  // in force
  std::map<std::string, std::function<void(const Config&)>> changes_;
  std::vector<hooks::HookConfigPtr> hooks_;  // in force
  std::function<void(const Config&)> change_hooks_;
};

}  // namespace liveness::app
