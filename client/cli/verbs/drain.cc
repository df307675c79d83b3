// `livenessctl server drain|undrain`: asks the clients of one server to go to others, and
// has it take clients again.
#include <optional>

#include "absl/strings/str_cat.h"
#include "client/cli/print/proto_output.h"
#include "client/cli/print/proto_text.h"
#include "client/cli/print/time_text.h"
#include "client/cli/verbs/verbs.h"
#include "common/duration_text.h"

namespace liveness::cli {
namespace {

template <typename Response>
void Print(const Response& response, const std::string& line, OutputFormat output, Terminal& terminal) {
  switch (output) {
    case OutputFormat::kJson: terminal.out << ToJson(response) << '\n'; break;
    case OutputFormat::kYaml: terminal.out << ToYaml(response); break;
    default: terminal.out << line << '\n'; break;
  }
  terminal.out.flush();
}

ExitCode Undrain(Api& api, const GlobalSettings& global, Terminal& terminal) {
  const auto response = api.UndrainServer({});
  if (!response.ok()) return Fail(response.status(), api, terminal);
  Print(*response,
        absl::StrCat(api.server(), response->was_draining() ? " takes clients again" : " was not drained"),
        global.output, terminal);
  return ExitCode::kOk;
}

}  // namespace

ExitCode RunDrain(Api& api, const GlobalSettings& global, const DrainSettings& settings, Terminal& terminal) {
  if (settings.undo) return Undrain(api, global, terminal);
  v1::DrainServerRequest request;
  *request.mutable_reconnect_within() = ToProto(settings.within);
  std::optional<common::Duration> span = settings.span;
  if (settings.until) {
    span = *settings.until - api.ServerTime(terminal.clock.Wall());
    if (*span <= common::Duration::zero()) {
      return Fail(ExitCode::kUsage, "--until is past, by the server's clock", terminal);
    }
  }
  if (span) *request.mutable_duration() = ToProto(*span);
  const auto response = api.DrainServer(request);
  if (!response.ok()) return Fail(response.status(), api, terminal);
  const auto streams = response->stream_count();
  std::string end = "takes no more";
  if (settings.until) end = absl::StrCat("takes no more until ", TimeText(*settings.until));
  if (settings.span) end = absl::StrCat("takes no more for ", common::FormatDuration(*settings.span));
  Print(*response,
        absl::StrCat(streams, streams == 1 ? " stream" : " streams", " asked to move within ",
                     common::FormatDuration(settings.within), "; ", api.server(), " ", end),
        global.output, terminal);
  return ExitCode::kOk;
}

}  // namespace liveness::cli
