#include "client/cli/run.h"

#include <string>
#include <utility>
#include <variant>

#include "client/cli/api/channel.h"
#include "client/cli/verbs/verbs.h"

namespace liveness::cli {

ExitCode Run(const Settings& settings, Terminal& terminal) {
  QuietGrpc();
  Context context{settings.global, terminal};
  const bool has_own_connection = std::holds_alternative<BeatSettings>(settings.verb) ||
                                  std::holds_alternative<DoctorSettings>(settings.verb) ||
                                  std::holds_alternative<HealthSettings>(settings.verb);
  if (!has_own_connection) {
    auto api = Api::Create(settings.global);
    if (!api.ok()) return Fail(ExitCode::kUsage, std::string(api.status().message()), terminal);
    context.api = *std::move(api);
  }
  return std::visit([&](const auto& verb) { return RunVerb(verb, context); }, settings.verb);
}

}  // namespace liveness::cli
