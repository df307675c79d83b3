#include "client/cli/verbs/context.h"

#include "client/cli/print/error_text.h"

namespace liveness::cli {

ExitCode Fail(ExitCode code, const std::string& message, Terminal& terminal) {
  terminal.out.flush();
  terminal.err << "livenessctl: " << message << std::endl;
  return code;
}

ExitCode Fail(const absl::Status& status, const Context& context) {
  const Api& api = *context.api;
  // With several servers each may have failed in its own way. How the last one failed is told below.
  for (const Api::Failure& failure : api.failures()) {
    if (failure.server != api.server())
      Fail(ExitCode::kUnavailable, ErrorText(failure.status, failure.server, api.tls()), context.terminal);
  }
  return Fail(ExitCodeOf(status), ErrorText(status, api.server(), api.tls()), context.terminal);
}

ExitCode FailNotFound(const std::string& name, const Context& context) {
  return Fail(ExitCode::kNotFound, NoClientText(name, context.api->server()), context.terminal);
}

}  // namespace liveness::cli
