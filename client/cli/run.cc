#include "client/cli/run.h"

#include <string>
#include <utility>
#include <variant>

#include "client/cli/api/channel.h"
#include "client/cli/print/check_report.h"
#include "client/cli/verbs/verbs.h"

namespace liveness::cli {

ExitCode Run(const Settings& settings, Terminal& terminal) {
  QuietGrpc();
  Context context{settings.global, terminal};
  const bool needs_no_api = std::holds_alternative<BeatSettings>(settings.verb) ||
                            std::holds_alternative<DoctorSettings>(settings.verb) ||
                            std::holds_alternative<HealthSettings>(settings.verb) ||
                            std::holds_alternative<TokenSettings>(settings.verb) ||
                            std::holds_alternative<KeySettings>(settings.verb) ||
                            std::holds_alternative<CompletionSettings>(settings.verb);
  if (!needs_no_api) {
    auto api = Api::Create(settings.global);
    if (!api.ok()) {
      const std::string why(api.status().message());
      if (!std::holds_alternative<CheckSettings>(settings.verb)) return Fail(ExitCode::kUsage, why, terminal);
      terminal.out << UnknownLine(why) << std::endl;
      return static_cast<ExitCode>(CheckCode::kUnknown);
    }
    context.api = *std::move(api);
  }
  return std::visit([&](const auto& verb) { return RunVerb(verb, context); }, settings.verb);
}

}  // namespace liveness::cli
