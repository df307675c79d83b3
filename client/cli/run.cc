#include <memory>
#include <type_traits>
#include <variant>

#include "client/cli/api/channel.h"
#include "client/cli/print/error_text.h"
#include "client/cli/process/stop_signal.h"
#include "client/cli/verbs/verbs.h"

namespace liveness::cli {

ExitCode Fail(ExitCode code, const std::string& message, Terminal& terminal) {
  terminal.out.flush();
  terminal.err << "livenessctl: " << message << std::endl;
  return code;
}

ExitCode Fail(const absl::Status& status, const Api& api, Terminal& terminal) {
  // With several servers each may have failed in its own way; the last is told below.
  for (const Api::Failure& failure : api.failures()) {
    if (failure.server != api.server())
      Fail(ExitCode::kUnavailable, ErrorText(failure.status, failure.server, api.tls()), terminal);
  }
  return Fail(ExitCodeOf(status), ErrorText(status, api.server(), api.tls()), terminal);
}

int Run(const Settings& settings, Terminal& terminal) {
  QuietGrpc();
  const GlobalSettings& global = settings.global;
  if (const auto* beat = std::get_if<BeatSettings>(&settings.verb)) return RunBeat(global, *beat, terminal);
  // Before gRPC makes its threads: one that does not block a signal would take it.
  if (std::holds_alternative<WatchSettings>(settings.verb)) BlockSignals(NotIgnored(StopSignals()));
  auto made = Api::Create(global);
  if (!made.ok())
    return static_cast<int>(Fail(ExitCode::kUsage, std::string(made.status().message()), terminal));
  Api& api = **made;
  const ExitCode code = std::visit(
      [&](const auto& verb) {
        using Verb = std::decay_t<decltype(verb)>;
        if constexpr (std::is_same_v<Verb, ListSettings>) return RunList(api, global, verb, terminal);
        if constexpr (std::is_same_v<Verb, GetSettings>) return RunGet(api, global, verb, terminal);
        if constexpr (std::is_same_v<Verb, WatchSettings>) return RunWatch(api, global, verb, terminal);
        if constexpr (std::is_same_v<Verb, TransitionsSettings>)
          return RunTransitions(api, global, verb, terminal);
        if constexpr (std::is_same_v<Verb, StatsSettings>) return RunStats(api, global, verb, terminal);
        if constexpr (std::is_same_v<Verb, EvictSettings>) return RunEvict(api, global, verb, terminal);
        if constexpr (std::is_same_v<Verb, MaintenanceSettings>)
          return RunMaintenance(api, global, verb, terminal);
        if constexpr (std::is_same_v<Verb, DrainSettings>) return RunDrain(api, global, verb, terminal);
        if constexpr (std::is_same_v<Verb, ServerInfoSettings>)
          return RunServerInfo(api, global, verb, terminal);
        return ExitCode::kError;  // beat: handled above
      },
      settings.verb);
  return static_cast<int>(code);
}

}  // namespace liveness::cli
