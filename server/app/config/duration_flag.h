// A flag whose value is a duration, and that keeps whether it was given.
#pragma once

#include <optional>
#include <string>

#include <CLI/CLI.hpp>

#include "common/clock.h"
#include "common/duration_text.h"

namespace liveness::app {

class DurationFlag {
 public:
  // Must outlive the parsing. Returns the option, e.g. for its group.
  CLI::Option* AddTo(CLI::App& app, const std::string& name, const std::string& description,
                     common::Duration least = common::Duration::zero()) {
    option_ =
        app.add_option_function<std::string>(
               name,
               [this, name, least](const std::string& text) {
                 const auto parsed = common::ParseDuration(text);
                 if (!parsed.ok()) {
                   throw CLI::ValidationError(name, std::string(parsed.status().message()));
                 }
                 if (*parsed < least) {
                   throw CLI::ValidationError(name, text + " is below " + common::FormatDuration(least));
                 }
                 value_ = *parsed;
               },
               description)
            ->type_name("DURATION");
    return option_;
  }
  // After the parsing: what was given, or else `target` stays and is told as the default.
  void ApplyTo(common::Duration& target) const {
    if (value_) {
      target = *value_;
    } else {
      TellDefault(target);
    }
  }
  // What holds because nothing was given.
  void TellDefault(common::Duration value) const { option_->default_str(common::FormatDuration(value)); }
  const std::optional<common::Duration>& value() const { return value_; }

 private:
  CLI::Option* option_ = nullptr;
  std::optional<common::Duration> value_;
};

}  // namespace liveness::app
