#include "server/app/metrics_sources.h"

#include <string_view>
#include <utility>

#include "server/app/access_policy.h"
#include "server/app/hook_report.h"
#include "server/app/server_parts.h"
#include "server/app/version.h"
#include "server/rpc/engine/generic_router.h"
#include "server/rpc/engine/method_figures.h"

namespace liveness::app {
namespace {

// The canary's calls are this server's own.
constexpr std::string_view kInternal = "/liveness.internal.";

http::MethodSample Sample(std::string method, const rpc::MethodFigures& figures) {
  http::MethodSample sample{.method = std::move(method), .began = figures.began()};
  static_assert(sample.ended.size() == rpc::MethodFigures::kCodes);
  for (std::size_t code = 0; code < sample.ended.size(); ++code) sample.ended[code] = figures.ended(code);
  if (figures.shape() == rpc::MethodFigures::Shape::kUnary) sample.times = figures.times();
  return sample;
}

std::vector<http::MethodSample> Methods(const ServerParts& parts) {
  std::vector<http::MethodSample> samples;
  const rpc::GenericRouter& router = parts.engine.router();
  for (const auto& [path, method] : router.methods()) {
    if (!path.starts_with(kInternal)) samples.push_back(Sample(path.substr(1), method->figures));
  }
  samples.push_back(Sample(std::string(v1::HeartbeatService::service_full_name()) + "/Heartbeat",
                           parts.heartbeat->figures()));
  samples.push_back(Sample("other", router.unknown()));
  return samples;
}

std::map<std::string, std::size_t> Queues(const ServerParts& parts) {
  const auto jobs = parts.engine.queued_jobs();
  return {{"worker_queries", jobs[static_cast<std::size_t>(rpc::Lane::kQueries)]},
          {"worker_long", jobs[static_cast<std::size_t>(rpc::Lane::kLong)]},
          {"ended_streams", parts.heartbeat->untold_ends()}};
}

http::AuditSample SampleAudit(const ServerParts& parts) {
  const auth::AuditLog::Figures figures = parts.audit->figures();
  http::AuditSample sample{.folded = figures.folded,
                           .dropped = figures.dropped,
                           .lines_too_fast = figures.unwritten,
                           .kept = figures.kept};
  for (const auto outcome :
       {auth::AuditOutcome::kAllowed, auth::AuditOutcome::kRefused, auth::AuditOutcome::kFailed}) {
    sample.noted.emplace(auth::Name(outcome), figures.noted[static_cast<std::size_t>(outcome)]);
  }
  const auth::GuessLimit::Figures guesses = parts.access.guesses();
  sample.bad_tokens = guesses.refused;
  sample.bad_tokens_limited = guesses.limited;
  if (parts.audit_file != nullptr) {
    const AuditFile::Figures file = parts.audit_file->figures();
    sample.lines_written = file.written;
    sample.lines_lost = file.lost;
  }
  return sample;
}

}  // namespace

http::MetricsSources MakeMetricsSources(const ServerParts& parts) {
  return {.registry = parts.registry,
          .store = *parts.store,
          .tls = *parts.tls,
          .clock = common::SystemClock(),
          .version = kVersion,
          .server_id = parts.config.server_id,
          .start_time = parts.start_time,
          .why_not_ready =
              [&parts] {
                std::vector<std::string> reasons;
                for (const v1::NotReady& each : parts.WhyNotReady()) reasons.push_back(each.reason());
                return reasons;
              },
          .last_tick = [&parts] { return parts.detector.last_tick(); },
          .streams =
              [&parts] {
                return http::StreamSample{.open = parts.heartbeat->stream_count(),
                                          .heartbeats = parts.heartbeat->ping_count(),
                                          .merged_label_changes = parts.heartbeat->merged_label_changes(),
                                          .progress_left_out = parts.heartbeat->progress_left_out(),
                                          .rtts = parts.heartbeat->rtts(),
                                          .bad_ends = parts.heartbeat->bad_ends(),
                                          .lines_left_out = parts.heartbeat->lines_left_out()};
              },
          .methods = [&parts] { return Methods(parts); },
          .queues = [&parts] { return Queues(parts); },
          .accept = [&parts]() -> std::optional<net::AcceptFigures> {
            if (!parts.accepting.load(std::memory_order_acquire)) return std::nullopt;
            return parts.acceptor->Figures();
          },
          .http_connections = nullptr,
          .http_refused = nullptr,
          .hooks = [&parts] { return SampleHooks(parts.hooks.States(), common::SystemClock().Wall()); },
          .audit = [&parts] { return SampleAudit(parts); },
          .anonymous_may = AnonymousMay(parts.config)};
}

}  // namespace liveness::app
