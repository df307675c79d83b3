// `livenessctl maintenance set|clear`: whose absence is expected, and until when.
#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "client/cli/print/error_text.h"
#include "client/cli/print/proto_output.h"
#include "client/cli/print/proto_text.h"
#include "client/cli/print/time_text.h"
#include "client/cli/verbs/verbs.h"

namespace liveness::cli {
namespace {

void Print(std::int64_t changed, const std::optional<common::WallTime>& until, OutputFormat output,
           Terminal& terminal) {
  v1::SetMaintenanceResponse response;
  response.set_changed_count(changed);
  switch (output) {
    case OutputFormat::kJson: terminal.out << ToJson(response) << '\n'; break;
    case OutputFormat::kYaml: terminal.out << ToYaml(response); break;
    default:
      terminal.out << changed << (changed == 1 ? " client" : " clients") << " changed: "
                   << (until ? absl::StrCat("in maintenance until ", TimeText(*until))
                             : std::string("no longer in maintenance"))
                   << '\n';
      break;
  }
  terminal.out.flush();
}

}  // namespace

ExitCode RunMaintenance(Api& api, const GlobalSettings& global, const MaintenanceSettings& settings,
                        Terminal& terminal) {
  std::optional<common::WallTime> until = settings.until;
  if (settings.span || until) {
    const common::WallTime now = api.ServerTime(terminal.clock.Wall());
    if (settings.span) until = now + std::min(*settings.span, common::WallTime::max() - now);
    // The server would take it for a clear.
    if (*until <= now) return Fail(ExitCode::kUsage, "--until is past, by the server's clock", terminal);
  }
  v1::SetMaintenanceRequest request;
  if (until) *request.mutable_until_time() = ToProto(*until);
  std::int64_t changed = 0;
  if (!settings.filter.empty()) {
    request.set_filter(settings.filter);
    const auto response = api.SetMaintenance(request);
    if (!response.ok()) return Fail(response.status(), api, terminal);
    changed = response->changed_count();
  }
  ExitCode code = ExitCode::kOk;
  bool any = !settings.filter.empty();
  for (const std::string& name : settings.names) {
    request.set_name(ClientName(name));
    const auto response = api.SetMaintenance(request);
    if (absl::IsNotFound(response.status())) {
      code = Fail(ExitCode::kNotFound, NoClientText(name, api.server()), terminal);
      continue;
    }
    if (!response.ok()) {
      if (any) Print(changed, until, global.output, terminal);  // those before it stand
      return Fail(response.status(), api, terminal);
    }
    any = true;
    changed += response->changed_count();
  }
  if (any) Print(changed, until, global.output, terminal);
  return code;
}

}  // namespace liveness::cli
