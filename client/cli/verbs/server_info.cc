// `livenessctl server info`: what the server is, how it was set, and what befell it.
#include "client/cli/print/describe_server.h"
#include "client/cli/print/proto_output.h"
#include "client/cli/verbs/verbs.h"

namespace liveness::cli {

ExitCode RunServerInfo(Api& api, const GlobalSettings& global, const ServerInfoSettings& /*settings*/,
                       Terminal& terminal) {
  const auto info = api.GetServerInfo({});
  if (!info.ok()) return Fail(info.status(), api, terminal);
  switch (global.output) {
    case OutputFormat::kJson: terminal.out << ToJson(*info) << '\n'; break;
    case OutputFormat::kYaml: terminal.out << ToYaml(*info); break;
    case OutputFormat::kName: terminal.out << info->server_id() << '\n'; break;
    default:
      terminal.out << DescribeServer(*info, api.server(), api.ServerTime(terminal.clock.Wall()),
                                     global.output == OutputFormat::kWide);
      break;
  }
  terminal.out.flush();
  return ExitCode::kOk;
}

}  // namespace liveness::cli
