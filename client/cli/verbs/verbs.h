// What each verb does, one function and one file per verb. They write results
// to terminal.out, errors to terminal.err, and return the process's exit code.
#pragma once

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "client/cli/api/api.h"
#include "client/cli/exit_code.h"
#include "client/cli/settings.h"
#include "client/cli/terminal.h"

namespace liveness::cli {

ExitCode RunList(Api& api, const GlobalSettings& global, const ListSettings& settings, Terminal& terminal);
ExitCode RunGet(Api& api, const GlobalSettings& global, const GetSettings& settings, Terminal& terminal);
// REQUIRES: NotIgnored(StopSignals()) were blocked before gRPC was used.
ExitCode RunWatch(Api& api, const GlobalSettings& global, const WatchSettings& settings, Terminal& terminal);
ExitCode RunTransitions(Api& api, const GlobalSettings& global, const TransitionsSettings& settings,
                        Terminal& terminal);
ExitCode RunStats(Api& api, const GlobalSettings& global, const StatsSettings& settings, Terminal& terminal);
ExitCode RunEvict(Api& api, const GlobalSettings& global, const EvictSettings& settings, Terminal& terminal);
ExitCode RunMaintenance(Api& api, const GlobalSettings& global, const MaintenanceSettings& settings,
                        Terminal& terminal);
ExitCode RunDrain(Api& api, const GlobalSettings& global, const DrainSettings& settings, Terminal& terminal);
ExitCode RunServerInfo(Api& api, const GlobalSettings& global, const ServerInfoSettings& settings,
                       Terminal& terminal);
// Makes connections of its own, through liveness::client. Returns an int since
// it may be the code of a command. REQUIRES: gRPC has not been used yet.
int RunBeat(const GlobalSettings& global, const BeatSettings& settings, Terminal& terminal);

// Dispatches to the above.
int Run(const Settings& settings, Terminal& terminal);

// Writes `status` as an error about the server that `api` asked last.
ExitCode Fail(const absl::Status& status, const Api& api, Terminal& terminal);
// Writes `message` as an error.
ExitCode Fail(ExitCode code, const std::string& message, Terminal& terminal);

}  // namespace liveness::cli
