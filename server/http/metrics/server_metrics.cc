#include "server/http/metrics/server_metrics.h"

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "common/strings.h"
#include "server/http/metrics/process_figures.h"

namespace liveness::http {
namespace {

// docs/operating.md says what each means.
constexpr std::array kReasons = {"DRAINING", "STORE_UNAVAILABLE", "CERTIFICATE_EXPIRED", "CANARY_SPENT",
                                 "NOT_ACCEPTING"};

double SecondsSinceEpoch(common::WallTime time) { return Seconds(time.time_since_epoch()); }

void AddIdentity(const MetricsSources& sources, FamilyList& families) {
  families.Gauge("liveness_build_info", "1; the version is its label.")
      .Add(1, {{"version", sources.version}});
  families.Gauge("liveness_server_info", "1; who this server is and where its records live.")
      .Add(1, {{"server_id", sources.server_id},
               {"store", std::string(sources.store.kind())},
               {"history_id", sources.store.history_id()}});
  const std::vector<std::string> given = sources.why_not_ready();
  families.Gauge("liveness_ready", "1 if clients should come here.").Add(given.empty() ? 1 : 0);
  std::set<std::string> reasons(given.begin(), given.end());
  auto not_ready = families.Gauge("liveness_not_ready", "1 for each reason why this server is not ready.");
  for (const char* reason : kReasons) not_ready.Add(reasons.erase(reason), {{"reason", reason}});
  for (const std::string& reason : reasons) not_ready.Add(1, {{"reason", reason}});
}

void AddAccess(const MetricsSources& sources, FamilyList& families) {
  auto may = families.Gauge("liveness_insecure_anonymous",
                            "1 for each thing that anybody may do without proving who it is.");
  for (const std::string& word : sources.anonymous_may) may.Add(1, {{"may", word}});
}

void AddAudit(const MetricsSources& sources, FamilyList& families) {
  const AuditSample audit = sources.audit == nullptr ? AuditSample() : sources.audit();
  auto noted = families.Counter("liveness_audit_events_total",
                                "What was done by who administers, or refused to anybody, by outcome.");
  for (const auto& [outcome, count] : audit.noted) noted.Add(count, {{"outcome", outcome}});
  families.Gauge("liveness_audit_entries", "Entries of the audit log that are kept.").Add(audit.kept);
  families.Counter("liveness_audit_folded_total", "Refusals that were counted with an entry that was there.")
      .Add(audit.folded);
  families.Counter("liveness_audit_dropped_total", "Entries that gave way to newer ones of their kind.")
      .Add(audit.dropped);
  families
      .Counter("liveness_bad_tokens_total",
               "Calls with a token that is not known, and of these those past --max-bad-tokens.")
      .Add(audit.bad_tokens, {{"answer", "refused"}})
      .Add(audit.bad_tokens_limited, {{"answer", "limited"}});
  families.Counter("liveness_audit_lines_total", "Lines that the file of --audit-file took.")
      .Add(audit.lines_written);
  families
      .Counter("liveness_audit_lines_lost_total",
               "Lines that it did not get: refusals that came too fast, or the disk did not take them.")
      .Add(audit.lines_lost, {{"reason", "disk"}})
      .Add(audit.lines_too_fast, {{"reason", "rate"}});
}

void AddStreams(const MetricsSources& sources, FamilyList& families) {
  const StreamSample streams = sources.streams();
  families.Gauge("liveness_streams", "Heartbeat streams that are open here.").Add(streams.open);
  families.Counter("liveness_heartbeats_total", "Pings of clients.").Add(streams.heartbeats);
  families
      .Counter("liveness_label_changes_merged_total",
               "Changes of labels that came faster than --max-label-rate: only a later one was told.")
      .Add(streams.merged_label_changes);
  families
      .Counter("liveness_progress_tokens_left_out_total",
               "Progress tokens of pings beyond --max-progress-tokens: those that are least behind.")
      .Add(streams.progress_left_out);
  families.Histogram("liveness_rtt_seconds", "Round trips of this server's own pings, sent to who is late.")
      .Add(streams.rtts);
  auto ends = families.Counter("liveness_bad_stream_ends_total",
                               "Heartbeat streams that ended without goodbye or with an error, by reason.");
  for (const auto& [reason, count] : streams.bad_ends) ends.Add(count, {{"reason", reason}});
  families
      .Counter("liveness_log_lines_left_out_total",
               "Such ends that have no line in the log, because of --max-log-rate.")
      .Add(streams.lines_left_out);
}

void AddCalls(const MetricsSources& sources, FamilyList& families) {
  const std::vector<MethodSample> methods = sources.methods();
  auto began = families.Counter("liveness_rpc_started_total", "Calls that began, by method.");
  for (const MethodSample& each : methods) began.Add(each.began, {{"method", each.method}});
  auto ended = families.Counter("liveness_rpc_handled_total",
                                "Calls that ended, by method and status; CANCELLED: the caller gave it up.");
  for (const MethodSample& each : methods) {
    for (std::size_t code = 0; code < each.ended.size(); ++code) {
      if (code != 0 && each.ended[code] == 0) continue;
      ended.Add(each.ended[code], {{"method", each.method},
                                   {"code", absl::StatusCodeToString(static_cast<absl::StatusCode>(code))}});
    }
  }
  auto times = families.Histogram("liveness_rpc_handling_seconds",
                                  "From a call's beginning until its answer was ready, of unary methods.");
  for (const MethodSample& each : methods) {
    if (each.times) times.Add(*each.times, {{"method", each.method}});
  }
}

void AddConnections(const MetricsSources& sources, FamilyList& families) {
  const net::AcceptFigures accept = sources.accept().value_or(net::AcceptFigures{});
  families.Gauge("liveness_connections", "gRPC connections that are served.").Add(accept.connections);
  families.Gauge("liveness_connections_max", "gRPC connections that may be; 0: no limit.")
      .Add(accept.max_connections);
  families.Counter("liveness_connections_accepted_total", "gRPC connections that were taken in.")
      .Add(accept.accepted);
  families.Counter("liveness_connections_refused_total", "gRPC connections that were closed at once.")
      .Add(accept.refused, {{"reason", "full"}})
      .Add(accept.rate_limited, {{"reason", "rate"}});
  families.Counter("liveness_accept_errors_total", "Failures of accept().").Add(accept.errors);
  families.Gauge("liveness_accept_backlog", "Connections that wait in the kernel to be accepted.")
      .Add(accept.backlog);
  families.Gauge("liveness_accept_backlog_max", "How many may wait there.").Add(accept.backlog_limit);
  families.Counter("liveness_accept_backlog_dropped_total", "Connections that found no room there.")
      .Add(accept.backlog_dropped);
  families.Gauge("liveness_http_connections", "HTTP connections that are open.")
      .Add(sources.http_connections());
  families
      .Counter("liveness_http_connections_refused_total",
               "HTTP connections beyond --http-max-connections, or an address's share of them.")
      .Add(sources.http_refused());
  auto queues = families.Gauge("liveness_queue_length", "Jobs that wait, by queue.");
  for (const auto& [queue, length] : sources.queues()) queues.Add(length, {{"queue", queue}});
}

void AddCertificates(const MetricsSources& sources, FamilyList& families) {
  const auto certificates = sources.tls.certificates();
  if (certificates.empty()) return;
  // A file may hold a chain: the first to end is what counts.
  std::map<std::string, common::WallTime> ends;
  for (const auth::ServerTls::Loaded& each : certificates) {
    const auto [at, first] = ends.emplace(each.file, each.facts.not_after);
    if (!first) at->second = std::min(at->second, each.facts.not_after);
  }
  auto family = families.Gauge("liveness_certificate_not_after_timestamp_seconds",
                               "When the certificate of a file ends, the first if it holds several.");
  for (const auto& [file, end] : ends) family.Add(SecondsSinceEpoch(end), {{"file", common::Escape(file)}});
}

void AddProcess(const MetricsSources& sources, FamilyList& families) {
  families.Gauge("process_start_time_seconds", "When the process started, since the epoch.")
      .Add(SecondsSinceEpoch(sources.start_time));
  const std::optional<ProcessFigures> process = ReadProcessFigures();
  if (!process) return;
  families.Counter("process_cpu_seconds_total", "CPU time that the process used.").Add(process->cpu_seconds);
  families.Gauge("process_threads", "Its threads.").Add(process->threads);
  families.Gauge("process_virtual_memory_bytes", "Its address space.").Add(process->virtual_bytes);
  families.Gauge("process_resident_memory_bytes", "Its memory.").Add(process->resident_bytes);
  families.Gauge("process_open_fds", "Its open descriptors.").Add(process->open_fds);
  families.Gauge("process_max_fds", "Descriptors that it may open.").Add(process->max_fds);
}

}  // namespace

void AddServerMetrics(const MetricsSources& sources, FamilyList& families) {
  AddIdentity(sources, families);
  AddAccess(sources, families);
  AddAudit(sources, families);
  AddStreams(sources, families);
  AddCalls(sources, families);
  AddConnections(sources, families);
  AddCertificates(sources, families);
  AddProcess(sources, families);
}

}  // namespace liveness::http
