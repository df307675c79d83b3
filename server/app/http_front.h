// The HTTP port of the server: what is served at which path, and where it listens.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "common/clock.h"
#include "liveness/v1/admin_service.pb.h"
#include "server/app/config/config.h"
#include "server/auth/gate.h"
#include "server/auth/tls.h"
#include "server/http/gateway/rpc_caller.h"
#include "server/http/http_server.h"
#include "server/http/metrics/metrics_sources.h"
#include "server/http/watch/watch_viewer.h"
#include "server/registry/registry.h"
#include "server/rpc/engine/engine.h"

namespace liveness::app {

// Not thread-safe: main's.
class HttpFront {
 public:
  // What the HTTP port asks of the rest of the server, on its own threads. All outlives it.
  struct Deps {
    registry::Registry& registry;
    rpc::Engine& engine;
    const auth::ServerTls& tls;
    const auth::Gate& gate;
    std::string secret;  // by which the RPCs believe whose request a call carries
    std::function<std::vector<v1::NotReady>()> why_not_ready;
    // Why the process would be better started anew; empty if it works.
    std::function<std::vector<std::string>()> why_not_live;
    http::MetricsSources metrics;  // but for the HTTP port's own figures
  };

  // Listens where `config` says; null if it says nowhere, and with a warning if the default is taken.
  // UNAVAILABLE if an address that was asked for is. REQUIRES: the engine has started.
  static absl::StatusOr<std::unique_ptr<HttpFront>> Start(const Config& config, const Deps& deps);
  // Ends all connections and calls.
  ~HttpFront();

  const std::string& address() const { return address_; }  // HOST:PORT

  // What the gate answers has changed. Any thread.
  void OnGateChanged() { watch_deps_->OnGateChanged(); }

 private:
  HttpFront(const Config& config, const Deps& deps, std::string address);
  http::Router MakeRouter(const Config& config, const Deps& deps);

  const std::string address_;
  const std::shared_ptr<http::RpcCaller> caller_;
  const std::shared_ptr<http::WatchDeps> watch_deps_;
  http::HttpServer server_;
};

}  // namespace liveness::app
