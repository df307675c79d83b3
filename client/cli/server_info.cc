// `livenessctl server info`: what the server is and how it was set.
#include <string>

#include "absl/strings/str_cat.h"
#include "client/cli/describe.h"
#include "client/cli/proto_output.h"
#include "client/cli/proto_text.h"
#include "client/cli/time_text.h"
#include "client/cli/verbs.h"
#include "common/duration_text.h"

namespace liveness::cli {
namespace {

std::string CanaryText(const v1::Canary& canary) {
  const std::string bound = common::FormatDuration(FromProto(canary.max_doubt()));
  switch (canary.state()) {
    case v1::CANARY_STATE_OFF: return "off";
    case v1::CANARY_STATE_PARTIAL:
      return absl::StrCat("reaches ", canary.watched_queue_count(), " of ", canary.queue_count(),
                          " I/O threads");
    case v1::CANARY_STATE_WATCHING:
      return absl::StrCat("heard on all I/O threads (", canary.queue_count(), ")");
    case v1::CANARY_STATE_DOUBT:
      return absl::StrCat("not heard: an I/O thread does not run; deadlines stand, for ", bound, " at most");
    case v1::CANARY_STATE_SPENT:
      return absl::StrCat("not heard for more than ", bound,
                          ": deadlines count again, the server is not ready");
    default: return "unknown";
  }
}

std::string DescribeServer(const v1::ServerInfo& info, const std::string& asked, common::WallTime now) {
  const auto span = [](const google::protobuf::Duration& d) { return common::FormatDuration(FromProto(d)); };
  std::string text = DescribeLine("Server", info.server_id());
  text += DescribeLine("Asked at", asked);
  text += DescribeLine("Listens on", info.listen_address());
  text += DescribeLine("Version", info.version());
  if (info.has_start_time()) {
    const common::WallTime start = FromProto(info.start_time());
    text +=
        DescribeLine("Started", absl::StrCat(TimeText(start), " (", common::FormatAge(now - start), " ago)"));
  }
  text += DescribeLine("Draining", info.draining() ? "yes" : "no");
  text += DescribeLine("Ready", info.ready() ? "yes" : "no");
  text += DescribeLine("Canary", CanaryText(info.canary()));
  text += DescribeLine("Store", info.store());
  text += DescribeLine("History", info.history_id());
  text += DescribeLine("Revision", absl::StrCat(info.revision()));
  text += "Heartbeat:\n";
  text += DescribeLine("  Default", absl::StrCat("interval ", span(info.default_interval()), ", timeout ",
                                                 span(info.default_timeout())));
  text += DescribeLine("  Least interval", span(info.min_interval()));
  text += DescribeLine("  Resume grace", span(info.resume_grace()));
  text += absl::StrCat("Keepalive in force:\n", DescribeLine("  Preset", info.keepalive_preset()));
  if (info.has_keepalive()) text += DescribeKeepalive(info.keepalive());
  return text;
}

}  // namespace

ExitCode RunServerInfo(Api& api, const GlobalSettings& global, const ServerInfoSettings& /*settings*/,
                       Terminal& terminal) {
  const auto info = api.GetServerInfo({});
  if (!info.ok()) return Fail(info.status(), api, terminal);
  switch (global.output) {
    case OutputFormat::kJson: terminal.out << ToJson(*info) << '\n'; break;
    case OutputFormat::kYaml: terminal.out << ToYaml(*info); break;
    case OutputFormat::kName: terminal.out << info->server_id() << '\n'; break;
    default:
      terminal.out << DescribeServer(*info, api.server(), api.ServerTime(terminal.clock.Wall()));
      break;
  }
  terminal.out.flush();
  return ExitCode::kOk;
}

}  // namespace liveness::cli
