// Looks at a server and at the way to it, step by step from the name to the heartbeat. A step that fails ends
// the examination, because what follows could only fail for the same reason.
#pragma once

#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "client/cli/doctor/facts.h"
#include "client/cli/process/stop_flag.h"
#include "client/cli/settings.h"
#include "common/clock.h"

namespace liveness::cli::doctor {

// Examines `target` as `global` says that servers are connected to. No step takes longer than
// `global.timeout`, but for the heartbeats. `on_step` is told what is done next, for who waits.
// INVALID_ARGUMENT if a TLS file cannot be used. `stop` ends it early, with a goodbye.
absl::StatusOr<Facts> Examine(const std::string& target, const GlobalSettings& global,
                              const DoctorSettings& settings, StopFlag& stop, const common::Clock& clock,
                              const std::function<void(const std::string& step)>& on_step);

}  // namespace liveness::cli::doctor
