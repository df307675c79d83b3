#include "client/cli/print/describe.h"

#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/cli/print/describe_evidence.h"
#include "client/cli/print/display_text.h"
#include "client/cli/print/figures.h"
#include "client/cli/print/proto_text.h"
#include "client/cli/print/table.h"
#include "common/saturating.h"

namespace liveness::cli {
namespace {

constexpr std::size_t kValueColumn = 20;

std::string Moment(bool has, const google::protobuf::Timestamp& timestamp, common::WallTime now) {
  return has ? MomentText(timestamp, now) : std::string();
}

std::string Labels(const v1::Client& client) {
  if (client.labels().empty()) return DescribeLine("Labels", "");
  const std::map<std::string, std::string> sorted(client.labels().begin(), client.labels().end());
  std::string text;
  for (const auto& [key, value] : sorted)
    text += DescribeMore(text.empty() ? "Labels" : "", absl::StrCat(key, "=", value));
  return text;
}

std::string DetectionText(const v1::Client& client) {
  if (client.detection().method() != v1::DETECTION_METHOD_ACCRUAL) return "fixed";
  std::string text = "accrual";
  if (client.detection().threshold() > 0) {
    absl::StrAppend(&text, absl::StrFormat(", overdue at level %.3g", client.detection().threshold()));
  }
  if (client.state() == v1::STATE_ALIVE) {
    absl::StrAppend(&text, absl::StrFormat(", now at %.1f", client.suspicion_level()));
  }
  return text;
}

// When it ends, who asked for it and why.
std::string DescribeMaintenance(const v1::Maintenance& maintenance, common::WallTime now) {
  std::string text =
      DescribeLine("Maintenance", maintenance.has_end_time()
                                      ? absl::StrCat("until ", MomentText(maintenance.end_time(), now))
                                      : std::string("until it is cleared"));
  text += DescribeLine("  Set by", maintenance.author());
  text += DescribeLine("  Reason", maintenance.reason());
  return text;
}

}  // namespace

std::string DescribeLine(const std::string& name, const std::string& value) {
  std::string line = name + ":";
  line.append(line.size() < kValueColumn ? kValueColumn - line.size() : 1, ' ');
  return absl::StrCat(line, value.empty() ? "<none>" : Printable(value), "\n");
}

std::string DescribeName(const std::string& id) { return DescribeLine("Name", DistinctName(id)); }

std::string DescribeMore(const std::string& name, const std::string& value) {
  return name.empty() ? absl::StrCat(std::string(kValueColumn, ' '), Printable(value), "\n")
                      : DescribeLine(name, value);
}

std::string MomentText(const google::protobuf::Timestamp& timestamp, common::WallTime now) {
  const common::WallTime time = FromProto(timestamp);
  const std::string distance = time > now ? absl::StrCat("in ", SpanText(common::SaturatingSub(time, now)))
                                          : absl::StrCat(SpanText(common::SaturatingSub(now, time)), " ago");
  return absl::StrCat(TimeText(time), " (", distance, ")");
}

std::string DescribeKeepalive(const v1::Keepalive& keepalive) {
  std::string text;
  text +=
      DescribeLine("  Kernel TCP",
                   keepalive.tcp_enabled()
                       ? absl::StrCat("idle ", ExactText(keepalive.tcp_idle()), ", interval ",
                                      ExactText(keepalive.tcp_interval()), ", count ", keepalive.tcp_count(),
                                      ", user timeout ", ExactText(keepalive.tcp_user_timeout()))
                       : std::string("off"));
  text += DescribeLine("  HTTP/2", absl::StrCat("time ", ExactText(keepalive.http2_time()), ", timeout ",
                                                ExactText(keepalive.http2_timeout())));
  return text;
}

std::string Describe(const v1::Client& client, common::WallTime now, bool color) {
  std::string text = DescribeName(client.client_id());
  // The state is styled, and hence not made printable: no stranger's text is in it.
  text += absl::StrCat(
      "State:              ", Styled(StateText(client.state()), StateStyle(client.state()), color),
      client.has_state_time()
          ? absl::StrCat(" for ", SpanText(common::SaturatingSub(now, FromProto(client.state_time()))))
          : std::string(),
      "\n");
  text += DescribeLine("Health", HealthText(client.health()));
  if (client.has_maintenance()) text += DescribeMaintenance(client.maintenance(), now);
  if (client.flapping())
    text += DescribeLine("Flapping", "yes, it falls again and again; alerts about it are better held back");
  text += DescribeLine("Cause", CauseText(client.cause()));
  if (client.has_evidence()) text += DescribeEvidence(client.evidence(), now);
  text += DescribeLine("Registered", Moment(client.has_register_time(), client.register_time(), now));
  text += DescribeLine("Last heartbeat",
                       Moment(client.has_last_heartbeat_time(), client.last_heartbeat_time(), now));
  text += DescribeLine("Deadline", Moment(client.has_deadline_time(), client.deadline_time(), now));
  text += DescribeLine("Interval", ExactText(client.interval()));
  text += DescribeLine("Timeout", ExactText(client.timeout()));
  text += DescribeLine("Resume grace", ExactText(client.resume_grace()));
  text += DescribeLine("Detection", DetectionText(client));
  text += DescribeLine("Round trip", client.has_rtt() ? RoundedText(client.rtt()) : "");
  text += DescribeLine("Instance", client.instance_id());
  text +=
      DescribeLine("Incarnation", absl::StrCat(client.incarnation(), ", attachment ", client.attachment()));
  text += DescribeLine("Revision", absl::StrCat(client.revision()));
  text += DescribeLine("Server", client.server_id());
  text += DescribeLine("Peer", client.peer_address());
  text += DescribeLine("Host", client.host());
  text += DescribeLine("PID", client.pid() != 0 ? absl::StrCat(client.pid()) : std::string());
  text += DescribeLine("Version", client.version());
  if (!client.principal().empty()) text += DescribeLine("Principal", client.principal());
  if (!client.reported_by().empty()) text += DescribeLine("Reported by", client.reported_by());
  text += Labels(client);
  if (client.has_keepalive())
    text += "Keepalive in force at the server's end:\n" + DescribeKeepalive(client.keepalive());
  // The evidence of a dead client has shown its progress already.
  if (DescribeProgress("", client.progress()) != DescribeProgress("", client.evidence().progress()))
    text += DescribeProgress("Progress", client.progress());
  return text;
}

}  // namespace liveness::cli
