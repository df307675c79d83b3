#include "client/cli/print/describe_server.h"

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/cli/print/describe.h"
#include "client/cli/print/display_text.h"
#include "client/cli/print/figures.h"
#include "client/cli/print/proto_text.h"
#include "common/duration_text.h"
#include "common/saturating.h"
#include "common/strings.h"

namespace liveness::cli {
namespace {

// The number of incidents that are shown where not all are asked for.
constexpr int kIncidentsShown = 10;

std::string CanaryText(const v1::Canary& canary) {
  const std::string bound = ExactText(canary.max_doubt());
  switch (canary.state()) {
    case v1::CANARY_STATE_OFF: return "off";
    case v1::CANARY_STATE_PARTIAL:
      return absl::StrCat("reaches ", canary.watched_queue_count(), " of ", canary.queue_count(),
                          " I/O threads");
    case v1::CANARY_STATE_WATCHING:
      return absl::StrCat("heard on all I/O threads (", canary.queue_count(), ")");
    case v1::CANARY_STATE_DOUBT:
      return absl::StrCat("not heard in time: an I/O thread does not run or is behind; deadlines stand, for ",
                          bound, " at most");
    case v1::CANARY_STATE_SPENT:
      return absl::StrCat("not heard for more than ", bound,
                          ": deadlines count again, the server is not ready");
    default: return "unknown";
  }
}

std::string IncidentText(const v1::Incident& incident, common::WallTime now) {
  const common::Duration length = FromProto(incident.length());
  std::string text =
      absl::StrCat(EnumText(v1::IncidentKind_Name(incident.kind()), "INCIDENT_KIND_", incident.kind()), " ",
                   MomentText(incident.start_time(), now));
  if (!incident.has_end_time()) {
    absl::StrAppend(&text, ", goes on");
  } else if (length > common::Duration::zero()) {
    absl::StrAppend(&text, ", for ", common::FormatForPeople(length));
  }
  if (!incident.message().empty()) absl::StrAppend(&text, ": ", incident.message());
  return text;
}

std::string DescribeIncidents(const v1::ServerInfo& info, common::WallTime now, bool all) {
  if (info.incidents().empty()) return {};
  const int count = info.incidents_size();
  const int shown = all ? count : std::min(count, kIncidentsShown);
  std::string text = "Incidents:\n";
  for (int i = count - 1; i >= count - shown; --i) {
    absl::StrAppend(&text, "  ", Printable(IncidentText(info.incidents(i), now)), "\n");
  }
  if (shown < count) absl::StrAppend(&text, "  and ", count - shown, " older ones: -o wide shows them\n");
  return text;
}

std::string DescribeCertificates(const v1::ServerInfo& info, common::WallTime now) {
  std::string text;
  for (const v1::Certificate& each : info.certificates()) {
    if (text.empty()) text = "Certificates:\n";
    const bool over = FromProto(each.not_after()) <= now;
    absl::StrAppend(
        &text, DescribeLine("  File", each.file()), DescribeLine("    Subject", each.subject()),
        DescribeLine("    Names", absl::StrJoin(each.names(), ", ")),
        DescribeLine(over ? "    EXPIRED" : "    Valid until", MomentText(each.not_after(), now)));
  }
  return text;
}

// Of one that works a line; of one that does not, why.
std::string DescribeHooks(const v1::ServerInfo& info, common::WallTime now) {
  std::string text;
  for (const v1::Hook& hook : info.hooks()) {
    if (text.empty()) text = "Hooks:\n";
    const std::string name = absl::StrCat("  ", Printable(hook.name()));
    if (!hook.leader()) {
      text += DescribeLine(name, absl::StrCat(hook.receiver(), ": another server sends"));
      continue;
    }
    const bool fails = hook.failure_count() > 0;
    std::string state = fails ? "FAILS" : hook.behind_count() > 0 ? "sends" : "up to date";
    absl::StrAppend(&state, ", ", hook.taken_count(), " events taken");
    const auto add = [&state](std::int64_t count, std::string_view what) {
      if (count != 0) absl::StrAppend(&state, ", ", count, common::ToAbsl(what));
    };
    add(hook.behind_count(), " behind");
    add(hook.given_up_count(), " given up");
    add(hook.silenced_count(), " silent (maintenance)");
    add(hook.gap_count(), " gaps");
    text += DescribeLine(name, absl::StrCat(hook.receiver(), ": ", state));
    if (!fails) continue;
    if (hook.has_oldest_event_time()) {
      text += DescribeLine("    Waits since", MomentText(hook.oldest_event_time(), now));
    }
    text += DescribeLine("    Failed",
                         absl::StrCat(hook.failure_count(), " times, the last: ", hook.last_error()));
    if (hook.has_next_attempt_time()) {
      text += DescribeLine("    Next attempt", MomentText(hook.next_attempt_time(), now));
    }
  }
  return text;
}

// The figures that say something. Documents have all of them.
std::string DescribeListener(const v1::Listener& listener, common::WallTime now) {
  std::string text = "Connections:\n";
  absl::StrAppend(&text, DescribeLine("  Listening", absl::StrJoin(listener.addresses(), ", ")),
                  DescribeLine("  Served", absl::StrCat(listener.connection_count(), " of at most ",
                                                        listener.max_connection_count())),
                  DescribeLine("  Taken in", absl::StrCat(listener.accepted_count())));
  const auto add = [&text](const std::string& name, std::int64_t count, std::string_view why) {
    if (count != 0) text += DescribeLine(name, common::StrCat(count, why));
  };
  add("  Refused", listener.refused_count(), " (all were taken)");
  add("  Too fast", listener.rate_limited_count(), " (from one address)");
  if (listener.accept_error_count() != 0) {
    text += DescribeLine("  Errors", absl::StrCat(listener.accept_error_count(), ", the last ",
                                                  MomentText(listener.last_accept_error_time(), now), ": ",
                                                  listener.last_accept_error()));
  }
  text += DescribeLine("  Waiting",
                       absl::StrCat(listener.backlog_count(), " of at most ", listener.max_backlog_count()));
  add("  Overflowed", listener.backlog_dropped_count(), " (the queue of those who wait was full)");
  if (listener.has_last_canary_time()) {
    text += DescribeLine("  Last tried", MomentText(listener.last_canary_time(), now));
  }
  return text;
}

}  // namespace

std::string DescribeServer(const v1::ServerInfo& info, const std::string& asked, common::WallTime now,
                           bool all) {
  std::string text = DescribeLine("Server", info.server_id());
  text += DescribeLine("Asked at", asked);
  text += DescribeLine("Listens on", info.listen_address());
  text += DescribeLine("Version", info.version());
  if (info.has_start_time()) {
    const common::WallTime start = FromProto(info.start_time());
    text += DescribeLine(
        "Started",
        absl::StrCat(TimeText(start), " (", common::FormatAge(common::SaturatingSub(now, start)), " ago)"));
  }
  text += DescribeLine("Draining", info.has_drain_end_time()
                                       ? absl::StrCat("until ", TimeText(FromProto(info.drain_end_time())))
                                   : info.draining() ? "yes"
                                                     : "no");
  text += DescribeLine("Ready", info.ready() ? "yes" : "no");
  for (const v1::NotReady& reason : info.not_ready()) {
    text += DescribeMore("", absl::StrCat(reason.reason(), ": ", reason.message()));
  }
  if (!info.access().empty()) {
    text += DescribeLine(info.anonymous_may().empty() ? "Access" : "INSECURE", info.access());
  }
  text += DescribeLine("Canary", CanaryText(info.canary()));
  text += DescribeLine("Store", info.store());
  text += DescribeLine("History", info.history_id());
  text += DescribeLine("Revision", absl::StrCat(info.revision()));
  text += "Heartbeat:\n";
  text += DescribeLine("  Default", absl::StrCat("interval ", ExactText(info.default_interval()),
                                                 ", timeout ", ExactText(info.default_timeout())));
  text += DescribeLine("  Least interval", ExactText(info.min_interval()));
  text += DescribeLine("  Resume grace", ExactText(info.resume_grace()));
  text += absl::StrCat("Keepalive in force:\n", DescribeLine("  Preset", info.keepalive_preset()));
  if (info.has_keepalive()) text += DescribeKeepalive(info.keepalive());
  if (info.has_listener()) text += DescribeListener(info.listener(), now);
  text += DescribeHooks(info, now);
  text += DescribeCertificates(info, now);
  text += DescribeIncidents(info, now, all);
  return text;
}

}  // namespace liveness::cli
