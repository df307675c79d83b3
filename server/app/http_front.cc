#include "server/app/http_front.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include <spdlog/spdlog.h>

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "server/app/open_listeners.h"
#include "server/app/version.h"
#include "server/http/discovery/consul_catalog.h"
#include "server/http/discovery/prometheus_targets.h"
#include "server/http/discovery/sweep.h"
#include "server/http/error_response.h"
#include "server/http/gateway/gateway.h"
#include "server/http/metrics/metrics.h"
#include "server/http/page/page.h"
#include "server/http/probes.h"
#include "server/http/session_cookie.h"
#include "server/net/listen.h"

namespace liveness::app {
namespace {

// Counts tell of clients.
absl::Status NarrowViewError() {
  return common::Error(absl::StatusCode::kPermissionDenied, "NOT_ALLOWED",
                       "metrics are about all clients: only who may view every one of them gets them");
}

http::HttpOptions MakeHttpOptions(const Config& config) {
  http::HttpOptions options;
  options.max_connections = MaxHttpConnections(config);
  options.host_names = config.http.host_names;
  char own[256] = "";
  if (gethostname(own, sizeof(own) - 1) == 0) options.host_names.emplace_back(own);
  return options;
}

}  // namespace

absl::StatusOr<std::unique_ptr<HttpFront>> HttpFront::Start(const Config& config, const Deps& deps) {
  if (!config.http.address) return nullptr;
  auto sockets = net::Listen({*config.http.address}, MakeListenOptions(config));
  if (!sockets.ok()) {
    if (config.http.given) {
      return absl::Status(sockets.status().code(),
                          absl::StrCat("--http-listen: ", sockets.status().message()));
    }
    spdlog::warn("no HTTP, and so no dashboard and no metrics: {}; choose another --http-listen, or none",
                 std::string(sockets.status().message()));
    return nullptr;
  }
  auto front = std::unique_ptr<HttpFront>(
      new HttpFront(config, deps, net::WithPort(*config.http.address, sockets->front().port())));
  front->server_.Start(*std::move(sockets));
  return front;
}

HttpFront::HttpFront(const Config& config, const Deps& deps, std::string address)
    : address_(std::move(address)),
      caller_(std::make_shared<http::RpcCaller>(deps.engine.OwnChannel(), deps.secret)),
      watch_deps_(std::make_shared<http::WatchDeps>(
          deps.registry, common::SystemClock(), deps.gate,
          std::max<std::size_t>(1, config.max_watchers - config.max_watchers / 4))),
      server_(MakeHttpOptions(config), MakeRouter(config, deps), deps.tls,
              [](const std::string& text) { spdlog::warn(text); }) {}

HttpFront::~HttpFront() {
  caller_->Stop();
  server_.Stop();
}

http::Router HttpFront::MakeRouter(const Config& config, const Deps& deps) {
  http::Router router(deps.gate);
  http::AddProbes(router, deps.why_not_live, deps.why_not_ready);
  http::AddGateway(router, caller_,
                   {.admin = config.http.admin, .version = kVersion, .on_admin = [](const std::string& text) {
                      spdlog::info(text);
                    }});
  http::MetricsSources sources = deps.metrics;
  sources.http_connections = [this] { return server_.connection_count(); };
  sources.http_refused = [this] { return server_.refused_count(); };
  router.AddOnWorker(
      "GET", "/metrics", auth::Action::kView,
      [metrics = std::make_shared<const http::Metrics>(std::move(sources))](const http::Exchange& exchange) {
        return exchange.caller()->sees_all() ? metrics->Serve(exchange.request())
                                             : http::ErrorResponse(NarrowViewError());
      });
  const auto sweeps = std::make_shared<http::SweepSource>(deps.registry, common::SystemClock());
  http::AddPrometheusTargets(router, sweeps);
  http::AddConsulCatalog(router, deps.registry, sweeps, kVersion);
  http::WatchViewer::AddTo(router, watch_deps_);
  http::AddSession(router, deps.tls.enabled());
  http::AddPage(router);
  return router;
}

}  // namespace liveness::app
