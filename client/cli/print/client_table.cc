#include "client/cli/print/client_table.h"

#include "absl/strings/str_cat.h"
#include "client/cli/print/figures.h"
#include "client/cli/print/proto_text.h"
#include "common/duration_text.h"
#include "common/saturating.h"

namespace liveness::cli {

std::vector<std::string> ClientHeaders(bool wide) {
  std::vector<std::string> headers = {"NAME", "STATE", "HEALTH", "CAUSE", "LAST-HEARTBEAT", "SERVER"};
  if (wide) {
    for (const char* more : {"INSTANCE", "INCARNATION", "PEER", "HOST", "PID", "VERSION", "INTERVAL/TIMEOUT",
                             "FLAPPING", "LABELS"}) {
      headers.emplace_back(more);
    }
  }
  headers.emplace_back("AGE");
  return headers;
}

std::vector<Cell> ClientCells(const v1::Client& client, common::WallTime now, bool wide) {
  std::vector<Cell> cells;
  cells.push_back(NameCell(client.client_id()));
  cells.emplace_back(StateText(client.state()), StateStyle(client.state()));
  cells.emplace_back(HealthText(client.health()), HealthStyle(client.health()));
  cells.emplace_back(CauseText(client.cause()));
  cells.emplace_back(client.has_last_heartbeat_time()
                         ? SpanText(common::SaturatingSub(now, FromProto(client.last_heartbeat_time())))
                         : std::string());
  cells.emplace_back(client.server_id());
  if (wide) {
    cells.emplace_back(client.instance_id());
    cells.emplace_back(absl::StrCat(client.incarnation()));
    cells.emplace_back(client.peer_address());
    cells.emplace_back(client.host());
    cells.emplace_back(client.pid() != 0 ? absl::StrCat(client.pid()) : std::string());
    cells.emplace_back(client.version());
    cells.emplace_back(absl::StrCat(ExactText(client.interval()), "/", ExactText(client.timeout())));
    cells.emplace_back(client.flapping() ? "yes" : "no", client.flapping() ? Style::kWarning : Style::kPlain);
    cells.emplace_back(LabelsText(client.labels()));
  }
  cells.emplace_back(client.has_register_time()
                         ? common::FormatAge(common::SaturatingSub(now, FromProto(client.register_time())))
                         : std::string());
  return cells;
}

}  // namespace liveness::cli
