// `livenessctl evict NAME...`: declares clients dead and refuses their instance.
#include <string>

#include "absl/strings/str_cat.h"
#include "client/cli/print/display_text.h"
#include "client/cli/print/error_text.h"
#include "client/cli/print/name_line.h"
#include "client/cli/print/proto_output.h"
#include "client/cli/print/proto_text.h"
#include "client/cli/verbs/verbs.h"

namespace liveness::cli {

ExitCode RunEvict(Api& api, const GlobalSettings& global, const EvictSettings& settings, Terminal& terminal) {
  ExitCode code = ExitCode::kOk;
  for (const std::string& name : settings.names) {
    v1::EvictClientRequest request;
    request.set_name(ClientName(name));
    request.set_reason(settings.reason);
    const auto client = api.EvictClient(request);
    if (absl::IsNotFound(client.status())) {
      code = Fail(ExitCode::kNotFound, NoClientText(name, api.server()), terminal);
      continue;
    }
    if (!client.ok()) return Fail(client.status(), api, terminal);
    switch (global.output) {
      case OutputFormat::kJson: terminal.out << ToJson(*client) << '\n'; break;
      case OutputFormat::kYaml: terminal.out << "---\n" << ToYaml(*client); break;
      case OutputFormat::kName: PrintName(client->name(), global, terminal); break;
      default: terminal.out << ListedName(client->name()) << " evicted\n"; break;
    }
    terminal.out.flush();
  }
  return code;
}

}  // namespace liveness::cli
