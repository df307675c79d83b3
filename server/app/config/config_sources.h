// Where the values of flags come from: the command line, then the environment, then a file, then the
// defaults. What is given twice is taken from the first of these; what is wrong is told with its place, all
// of it. Not thread-safe.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "common/toml/toml_error.h"
#include "server/app/config/setting.h"
#include "server/hooks/hook_config.h"

namespace liveness::app {

class ConfigSources {
 public:
  // `app` was parsed by common::ParseWords(); `file` is its flag that names a file, and no setting. Both
  // outlive this.
  ConfigSources(CLI::App& app, CLI::Option& file);

  // Tells of flags that were given twice and take one value.
  void RefuseRepeated();
  // For what the command line does not have.
  void TakeEnvironment();
  // For what neither has. Hooks stand in files alone; the files that they name are read as well.
  void TakeFile(const std::string& path);

  // `wrong` names its flag first: `--listen=x: must be HOST:PORT`. Tells it with the place that the flag's
  // value has.
  void Refuse(const std::string& wrong);

  bool ok() const { return errors_.empty() && file_errors_.empty(); }
  // What is wrong, a line each; those of a file begin with FILE:LINE:COLUMN.
  std::string Errors() const;
  // In the order of --help. REQUIRES: ok().
  std::vector<Setting> Settings() const;
  const std::vector<hooks::HookConfigPtr>& hooks() const { return hooks_; }

 private:
  struct Place {
    Setting::Source source = Setting::Source::kFlag;
    std::size_t line = 0, column = 0;  // of a file
  };

  // Tells if `option` refuses them.
  void Give(CLI::Option& option, const std::vector<std::string>& values, const Place& place);
  void TakeVariable(CLI::Option& option);
  void RefuseIfRepeated(const CLI::Option& option);
  // `wrong` speaks of `flag`, `--listen`.
  void Add(const Place& place, const std::string& flag, const std::string& wrong);

  CLI::Option& file_;
  const std::vector<CLI::Option*> options_;
  std::map<std::string, Place> places_;  // by flag; of what is not the command line's
  std::vector<hooks::HookConfigPtr> hooks_;
  std::string path_;
  std::vector<std::string> errors_;
  std::vector<common::TomlError> file_errors_;
};

}  // namespace liveness::app
