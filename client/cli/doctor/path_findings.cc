// What the heartbeats told of the way to the server.
#include <algorithm>
#include <chrono>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/cli/doctor/findings.h"
#include "client/cli/print/display_text.h"
#include "client/cli/print/figures.h"
#include "client/cli/print/proto_text.h"
#include "common/duration_text.h"
#include "common/keepalive.h"
#include "common/saturating.h"
#include "common/status.h"

namespace liveness::cli::doctor {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

// From then on this process's own pauses are a good part of the figures.
constexpr common::Duration kLate = milliseconds(100);
constexpr common::Duration kClockOff = seconds(1);
// Firewalls and NATs of clouds forget a flow that was quiet for so long.
constexpr common::Duration kForgottenAfter = minutes(4);
constexpr double kMuchLoss = 0.01;

std::string Text(common::Duration span) { return common::FormatForPeople(span); }

std::string HostOf(const std::string& address) { return address.substr(0, address.rfind(':')); }

std::string RefusalAdvice(const absl::Status& refusal) {
  switch (refusal.code()) {
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kUnauthenticated:
      return "Another identity may not have that id: --id=ID with one that is ours, or --tls-cert of its "
             "owner.";
    case absl::StatusCode::kResourceExhausted:
      return "A quota of the server is used up: docs/connections.md.";
    case absl::StatusCode::kDeadlineExceeded:
      return "It answers queries and welcomes nobody: livenessctl server.";
    case absl::StatusCode::kUnavailable:
      return "Any client is told the same now: livenessctl server says why.";
    case absl::StatusCode::kAborted: return "Somebody else has that id: leave --id out.";
    default: return "";
  }
}

void AddRefusal(const HeartbeatFacts& heartbeat, std::vector<Finding>& findings) {
  const std::string reason = common::ReasonOf(heartbeat.refusal);
  const std::string why = absl::StrCat(Printable(std::string(heartbeat.refusal.message())),
                                       reason.empty() ? "" : absl::StrCat(" (", Printable(reason), ")"));
  findings.push_back({Level::kProblem, "hello",
                      heartbeat.welcome ? absl::StrCat("the heartbeats ended early: ", why)
                                        : absl::StrCat("a client ", NameText(heartbeat.client_id),
                                                       " is not welcomed: ", why),
                      RefusalAdvice(heartbeat.refusal)});
}

void AddBetween(const Facts& facts, std::vector<Finding>& findings) {
  const SocketFacts& socket = facts.socket;
  if (socket.local_address.empty() || socket.peer_as_told.empty()) return;
  if (socket.local_address == socket.peer_as_told) {
    findings.push_back(
        {Level::kOk, "between", absl::StrCat("nothing: we are ", socket.local_address, " at both ends"), ""});
    return;
  }
  const bool same_host = HostOf(socket.local_address) == HostOf(socket.peer_as_told);
  const std::string seen =
      absl::StrCat(same_host ? "a proxy" : "a proxy or a NAT", ": we are ", socket.local_address,
                   ", and the server sees ", Printable(socket.peer_as_told));
  if (facts.proxy.is_used) {
    findings.push_back({Level::kOk, "between", seen, "It is the one that the environment names."});
    return;
  }
  findings.push_back(
      {Level::kWarning, "between", seen,
       "A proxy ends TCP: kernel keepalive then reaches it and no further, and a client's crash is "
       "seen only if it passes the close on. HTTP/2 keepalive and heartbeats go through."});
}

std::string KeepaliveText(bool enabled, common::Duration idle, common::Duration interval, int count,
                          common::Duration user_timeout) {
  if (!enabled) return "kernel TCP off";
  return absl::StrCat("kernel TCP idle ", Text(idle), ", interval ", Text(interval), ", count ", count,
                      ", user timeout ", Text(user_timeout));
}

void AddKeepalive(const Facts& facts, std::vector<Finding>& findings) {
  const auto judge = [&](const std::string& whose, bool enabled, common::Duration idle,
                         const std::string& text, const std::string& remedy) {
    if (enabled && idle <= kForgottenAfter) {
      findings.push_back({Level::kOk, "keepalive", absl::StrCat(whose, ": ", text), ""});
      return;
    }
    findings.push_back({Level::kWarning, "keepalive", absl::StrCat(whose, ": ", text),
                        absl::StrCat(enabled ? "A NAT or firewall may forget a quiet connection sooner. "
                                             : "Nothing but heartbeats keeps a quiet connection open. ",
                                     remedy)});
  };
  const common::KeepaliveSettings ours = common::StandardPreset();
  if (facts.socket.keepalive) {
    const common::TcpKeepalive& tcp = *facts.socket.keepalive;
    judge("our end", tcp.enabled, tcp.idle,
          absl::StrCat(KeepaliveText(tcp.enabled, tcp.idle, tcp.interval, tcp.count, tcp.user_timeout),
                       "; HTTP/2 time ", Text(ours.http2_time), ", timeout ", Text(ours.http2_timeout)),
          "The preset standard has 30s.");
  }
  if (!facts.heartbeat->welcome || facts.socket.local_address.empty()) return;
  const v1::Keepalive& theirs = facts.heartbeat->welcome->keepalive();
  judge("the server's end", theirs.tcp_enabled(), FromProto(theirs.tcp_idle()),
        absl::StrCat(KeepaliveText(theirs.tcp_enabled(), FromProto(theirs.tcp_idle()),
                                   FromProto(theirs.tcp_interval()), theirs.tcp_count(),
                                   FromProto(theirs.tcp_user_timeout())),
                     "; HTTP/2 time ", RoundedText(theirs.http2_time()), ", timeout ",
                     RoundedText(theirs.http2_timeout())),
        "livenessd --keepalive-preset=standard.");
}

void AddLoss(const PathFigures& path, std::vector<Finding>& findings) {
  const int missed = path.sent - path.answered;
  if (missed > 0) {
    findings.push_back(
        {2 * missed > path.sent ? Level::kProblem : Level::kWarning, "loss",
         absl::StrCat(missed, " of ", CountText(path.sent, "ping"), " had no pong in time"),
         "The connection stood still, or the server did: livenessctl server tells its stalls."});
  }
  if (!path.tcp || path.tcp->sent_segments == 0) return;
  const double share =
      static_cast<double>(path.tcp->resent_segments) / static_cast<double>(path.tcp->sent_segments);
  findings.push_back(
      {share >= kMuchLoss ? Level::kWarning : Level::kOk, "loss",
       absl::StrCat(path.tcp->resent_segments, " of ", path.tcp->sent_segments, " TCP segments sent again",
                    absl::StrFormat(" (%.1f %%)", 100 * share)),
       share >= kMuchLoss
           ? "Each waits for 200ms or more, and what comes after it too: a longer timeout, or a "
             "better path."
           : ""});
}

void AddPath(const HeartbeatFacts& heartbeat, std::vector<Finding>& findings) {
  const PathFigures& path = heartbeat.path;
  if (path.answered > 0) {
    findings.push_back({Level::kOk, "round trip",
                        absl::StrCat("p50 ", Text(path.p50), ", p90 ", Text(path.p90), ", p99 ",
                                     Text(path.p99), ", longest ", Text(path.most), "; jitter ",
                                     Text(path.jitter), "; ", CountText(path.sent, "ping")),
                        ""});
  }
  if (path.own_lateness >= kLate) {
    findings.push_back({Level::kWarning, "this host",
                        absl::StrCat("it did not let us run for ", Text(path.own_lateness)),
                        "It is busy, or it slept: the figures tell of that too. A client here is as late."});
  }
  AddLoss(path, findings);
  const auto offset = heartbeat.clock_offset;
  if (!offset || (*offset <= kClockOff && *offset >= -kClockOff)) return;
  const bool is_behind = *offset < common::Duration::zero();
  findings.push_back({Level::kWarning, "clock",
                      absl::StrCat("the server's clock is ", Text(is_behind ? -*offset : *offset),
                                   is_behind ? " behind ours" : " ahead of ours"),
                      "No verdict rests on it, but times in logs do not compare: look at the time service."});
}

// The server's words without what else could be had: that is told as granted.
std::string WhyRefused(const std::string& refusal) {
  return Printable(refusal.substr(0, refusal.rfind("; found_within ")));
}

void AddTimeout(const QualityFacts& quality, int pings, std::vector<Finding>& findings) {
  const std::string asked = Text(quality.recurrence);
  if (!quality.failure.ok()) {
    findings.push_back({Level::kWarning, "timeout",
                        absl::StrCat("the server did not say which is safe: ",
                                     Printable(std::string(quality.failure.message()))),
                        ""});
    return;
  }
  const std::string why =
      quality.refusal.empty() ? "" : absl::StrCat("Why no shorter: ", WhyRefused(quality.refusal), ". ");
  if (!quality.granted) {
    if (quality.refusal.empty()) return;  // stopped before
    findings.push_back({Level::kProblem, "timeout",
                        absl::StrCat("none keeps mistakes down to one in ", asked, " on this path"),
                        why + "Ask for less: --mistake-recurrence."});
    return;
  }
  const v1::Welcome& granted = *quality.granted;
  findings.push_back(
      {Level::kOk, "timeout",
       absl::StrCat(ExactText(granted.timeout()), " with an interval of ", ExactText(granted.interval()),
                    ": silence is found within ", RoundedText(granted.quality().found_within()),
                    ", a mistake is made once in ", RoundedText(granted.quality().mistake_recurrence()),
                    " at most (", asked, " was asked for)"),
       absl::StrCat(
           why, "The server reckons with what it saw of ", CountText(pings, "ping"),
           ", and with 1 % of loss where it saw too few: a longer --for may give a shorter timeout.")});
}

void AddTrace(const HeartbeatFacts& heartbeat, std::vector<Finding>& findings) {
  const std::string name = NameText(heartbeat.client_id);
  if (heartbeat.has_left) {
    findings.push_back({Level::kOk, "trace",
                        absl::StrCat("the client ", name,
                                     " has left; its record stays for the server's --keep-left, "
                                     "1h by default"),
                        ""});
  } else {
    findings.push_back({Level::kWarning, "trace",
                        absl::StrCat("the goodbye of the client ", name, " was not confirmed"),
                        "It may be told as dead soon; its label is liveness.doctor=true."});
  }
}

}  // namespace

std::vector<Finding> PathFindings(const Facts& facts) {
  std::vector<Finding> findings;
  if (!facts.heartbeat) return findings;
  const HeartbeatFacts& heartbeat = *facts.heartbeat;
  if (!heartbeat.refusal.ok()) AddRefusal(heartbeat, findings);
  AddBetween(facts, findings);
  AddKeepalive(facts, findings);
  AddPath(heartbeat, findings);
  if (facts.quality) AddTimeout(*facts.quality, heartbeat.path.answered, findings);
  if (heartbeat.welcome) AddTrace(heartbeat, findings);
  return findings;
}

}  // namespace liveness::cli::doctor
