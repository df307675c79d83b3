// `livenessctl server drain`: asks the clients of one server to go to others.
#include "client/cli/proto_output.h"
#include "client/cli/proto_text.h"
#include "client/cli/verbs.h"
#include "common/duration_text.h"

namespace liveness::cli {

ExitCode RunDrain(Api& api, const GlobalSettings& global, const DrainSettings& settings, Terminal& terminal) {
  v1::DrainServerRequest request;
  *request.mutable_reconnect_within() = ToProto(settings.within);
  const auto response = api.DrainServer(request);
  if (!response.ok()) return Fail(response.status(), api, terminal);
  const auto streams = response->stream_count();
  switch (global.output) {
    case OutputFormat::kJson: terminal.out << ToJson(*response) << '\n'; break;
    case OutputFormat::kYaml: terminal.out << ToYaml(*response); break;
    default:
      terminal.out << streams << (streams == 1 ? " stream" : " streams") << " asked to move within "
                   << common::FormatDuration(settings.within) << "; " << api.server() << " takes no more\n";
      break;
  }
  terminal.out.flush();
  return ExitCode::kOk;
}

}  // namespace liveness::cli
