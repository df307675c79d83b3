// A flag whose value is a duration, e.g. `250ms`.
#pragma once

#include <functional>
#include <string>

#include "common/clock.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace liveness::cli {

// `set` is called while `app` parses. The option is owned by `app`.
CLI::Option* AddDuration(CLI::App& app, const std::string& flag, std::function<void(common::Duration)> set,
                         const std::string& help);

}  // namespace liveness::cli
