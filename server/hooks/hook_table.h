// Hooks from the configuration file, and back.
//
//   key                   type                  default
//   name                  string                required: [a-z0-9-], once a file
//   url                   string                one of both is required; http or https
//   command               array of strings
//   filter                string                everything
//   events                array of strings      ["transitions", "groups"]
//   include-maintenance   boolean               false
//   timeout               duration              "10s", from 100ms to 5m
//   retry-for             duration              "24h", up to 720h; "0s": one attempt
//   secret-file           string                unsigned
//   allow-private         boolean               false
//   ca-file               string                the system's certificates
//   proxy                 string                none; http or https
//
// The last four are of a url only.
#pragma once

#include <string>
#include <vector>

#include "common/toml/toml.h"
#include "common/toml/toml_error.h"
#include "server/hooks/hook_config.h"

namespace liveness::hooks {

// `hooks`: the value of the key `hook`, from a file that was parsed. Reads the files that it names. All that
// is wrong is appended to `errors`; a hook with an error is left out. Thread-safe.
std::vector<HookConfigPtr> ReadHooks(const toml::node& hooks, std::vector<common::TomlError>& errors);

// A `[[hook]]` table of what is not as by default. Urls as they may be shown (ShownUrl), no key of a secret.
// Pure.
std::string HookAsToml(const HookConfig& hook);

}  // namespace liveness::hooks
