#include "client/cli/print/client_table.h"

#include "absl/strings/str_cat.h"
#include "client/cli/print/figures.h"
#include "client/cli/print/proto_text.h"
#include "common/duration_text.h"
#include "common/saturating.h"

namespace liveness::cli {

namespace {

// How far `timestamp` lies back; empty if there is none.
std::string AgeCell(bool has, const google::protobuf::Timestamp& timestamp, common::WallTime now,
                    std::string (*text)(common::Duration)) {
  return has ? text(common::SaturatingSub(now, FromProto(timestamp))) : std::string();
}

// As much of it as is known.
std::string MaintenanceText(const v1::Maintenance& maintenance) {
  return absl::StrCat("in maintenance",
                      maintenance.has_end_time()
                          ? absl::StrCat(" until ", TimeText(FromProto(maintenance.end_time())))
                          : std::string(),
                      maintenance.author().empty() ? "" : " by ", maintenance.author(),
                      maintenance.reason().empty() ? "" : ": ", maintenance.reason());
}

// Why it is not well, in a sentence.
std::string WhyText(const v1::Client& client) {
  std::string text = client.evidence().summary();
  if (client.has_maintenance()) {
    absl::StrAppend(&text, text.empty() ? "" : "; ", MaintenanceText(client.maintenance()));
  }
  return text;
}

}  // namespace

std::vector<std::string> ClientHeaders(bool wide) {
  std::vector<std::string> headers = {"NAME", "STATE", "FOR", "HEALTH", "CAUSE", "LAST-HEARTBEAT", "SERVER"};
  if (wide) {
    for (const char* more : {"INSTANCE", "INCARNATION", "PEER", "HOST", "PID", "VERSION", "INTERVAL/TIMEOUT",
                             "FLAPPING", "LABELS", "WHY"}) {
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
  cells.emplace_back(AgeCell(client.has_state_time(), client.state_time(), now, common::FormatAge));
  cells.emplace_back(HealthText(client.health()), HealthStyle(client.health()));
  cells.emplace_back(CauseText(client.cause()));
  cells.emplace_back(AgeCell(client.has_last_heartbeat_time(), client.last_heartbeat_time(), now, SpanText));
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
    cells.emplace_back(WhyText(client));
  }
  cells.emplace_back(AgeCell(client.has_register_time(), client.register_time(), now, common::FormatAge));
  return cells;
}

}  // namespace liveness::cli
