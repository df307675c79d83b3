#include "client/cli/flags/duration_flag.h"

#include <CLI/CLI.hpp>
#include <utility>

#include "client/cli/flags/flag_values.h"
#include "common/duration_text.h"

namespace liveness::cli {

CLI::Option* AddDuration(CLI::App& app, const std::string& flag, std::function<void(common::Duration)> set,
                         const std::string& help) {
  const auto read = [set = std::move(set)](const CLI::results_t& texts) {
    const auto duration = common::ParseDuration(texts.back());
    if (duration.ok()) set(*duration);
    return duration.ok();
  };
  return app.add_option(flag, read, help)
      ->type_name("DURATION")
      ->check(CLI::Validator(CheckDuration, "", "duration"));
}

}  // namespace liveness::cli
