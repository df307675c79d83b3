#include "client/cli/describe.h"

#include <map>

#include "absl/strings/str_cat.h"
#include "client/cli/display_text.h"
#include "client/cli/proto_text.h"
#include "client/cli/table.h"
#include "client/cli/time_text.h"
#include "common/duration_text.h"

namespace liveness::cli {
namespace {

constexpr std::size_t kValueColumn = 20;

// The time and how far it is from now.
std::string Moment(bool has, const google::protobuf::Timestamp& timestamp, common::WallTime now) {
  if (!has) return "<none>";
  const common::WallTime time = FromProto(timestamp);
  const std::string distance =
      time > now ? absl::StrCat("in ", SpanText(time - now)) : absl::StrCat(SpanText(now - time), " ago");
  return absl::StrCat(TimeText(time), " (", distance, ")");
}

std::string Span(const google::protobuf::Duration& duration) {
  return common::FormatDuration(FromProto(duration));
}

std::string Labels(const v1::Client& client) {
  if (client.labels().empty()) return DescribeLine("Labels", "");
  const std::map<std::string, std::string> sorted(client.labels().begin(), client.labels().end());
  std::string text;
  for (const auto& [key, value] : sorted) {
    const std::string line = absl::StrCat(Printable(key), "=", Printable(value));
    text += text.empty() ? DescribeLine("Labels", line)
                         : absl::StrCat(std::string(kValueColumn, ' '), line, "\n");
  }
  return text;
}

std::string DescribeEvidence(const v1::Evidence& evidence) {
  std::string text = "Evidence:\n";
  if (!evidence.summary().empty()) text += DescribeLine("  Verdict", evidence.summary());
  if (evidence.has_gather_time())
    text += DescribeLine("  Gathered", TimeText(FromProto(evidence.gather_time())));
  if (evidence.stream().end() != v1::STREAM_END_UNSPECIFIED) {
    std::string end = v1::StreamEnd_Name(evidence.stream().end());
    if (end.rfind("STREAM_END_", 0) == 0) end = end.substr(11);
    if (evidence.stream().has_ended_ago()) {
      end += absl::StrCat(", ", common::FormatForPeople(FromProto(evidence.stream().ended_ago())), " before");
    }
    text += DescribeLine("  Stream end", end);
  }
  if (evidence.has_heartbeat()) {
    const v1::HeartbeatEvidence& heartbeat = evidence.heartbeat();
    text += DescribeLine("  Silence", common::FormatForPeople(FromProto(heartbeat.silence())));
    text += DescribeLine("  Last ping",
                         absl::StrCat("#", heartbeat.last_sequence(), ", ", heartbeat.missed(), " missed"));
    if (heartbeat.has_credited()) {
      text += DescribeLine("  Credited", common::FormatForPeople(FromProto(heartbeat.credited())));
    }
  }
  if (evidence.has_goodbye()) {
    const v1::GoodbyeEvidence& goodbye = evidence.goodbye();
    std::string words = goodbye.reason().empty() ? "(no words)" : absl::StrCat("\"", goodbye.reason(), "\"");
    if (goodbye.has_exit_code()) absl::StrAppend(&words, ", exit code ", goodbye.exit_code());
    if (goodbye.has_signal()) absl::StrAppend(&words, ", signal ", goodbye.signal());
    text += DescribeLine("  Goodbye", words);
  }
  return text;
}

}  // namespace

std::string DescribeLine(const std::string& name, const std::string& value) {
  std::string line = name + ":";
  line.append(line.size() < kValueColumn ? kValueColumn - line.size() : 1, ' ');
  return absl::StrCat(line, value.empty() ? "<none>" : Printable(value), "\n");
}

std::string DescribeKeepalive(const v1::Keepalive& keepalive) {
  std::string text;
  text += DescribeLine("  Kernel TCP",
                       keepalive.tcp_enabled()
                           ? absl::StrCat("idle ", Span(keepalive.tcp_idle()), ", interval ",
                                          Span(keepalive.tcp_interval()), ", count ", keepalive.tcp_count(),
                                          ", user timeout ", Span(keepalive.tcp_user_timeout()))
                           : std::string("off"));
  text += DescribeLine("  HTTP/2", absl::StrCat("time ", Span(keepalive.http2_time()), ", timeout ",
                                                Span(keepalive.http2_timeout())));
  return text;
}

std::string Describe(const v1::Client& client, common::WallTime now, bool color) {
  std::string text = DescribeLine("Name", client.client_id());
  // The one styled value; it has no stranger's text in it.
  text += absl::StrCat(
      "State:              ", Styled(StateText(client.state()), StateStyle(client.state()), color),
      client.has_state_time() ? absl::StrCat(" for ", SpanText(now - FromProto(client.state_time())))
                              : std::string(),
      "\n");
  text += DescribeLine("Health", HealthText(client.health()));
  text += DescribeLine("Cause", CauseText(client.cause()));
  if (client.has_evidence()) text += DescribeEvidence(client.evidence());
  text += DescribeLine("Registered", Moment(client.has_register_time(), client.register_time(), now));
  text += DescribeLine("Last heartbeat",
                       Moment(client.has_last_heartbeat_time(), client.last_heartbeat_time(), now));
  text += DescribeLine("Deadline", Moment(client.has_deadline_time(), client.deadline_time(), now));
  text += DescribeLine("Interval", Span(client.interval()));
  text += DescribeLine("Timeout", Span(client.timeout()));
  text += DescribeLine("Resume grace", Span(client.resume_grace()));
  text +=
      DescribeLine("Round trip", client.has_rtt() ? common::FormatForPeople(FromProto(client.rtt())) : "");
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
  if (client.has_keepalive()) text += "Keepalive in force:\n" + DescribeKeepalive(client.keepalive());
  if (client.progress_size() > 0) {
    text += "Progress:\n";
    for (const v1::Progress& progress : client.progress()) {
      text += DescribeLine("  " + Printable(progress.name()),
                           absl::StrCat(common::FormatForPeople(FromProto(progress.age())),
                                        " old, stale after ", Span(progress.deadline())));
    }
  }
  return text;
}

}  // namespace liveness::cli
