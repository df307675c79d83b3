// grpc.health.v1: the standard way to ask whether something works.
//
// The empty service is this server; `client/<client_id>` is that client: SERVING
// when ALIVE and not STALLED, NOT_SERVING in any other state that is known. An
// unknown service is NOT_FOUND to Check and SERVICE_UNKNOWN to Watch, which
// goes on and tells when it appears; so is a client that the caller may not see.
//
// gRPC's own service of that name must be off: grpc::EnableDefaultHealthCheckService(false).
#pragma once

#include <atomic>
#include <functional>
#include <string_view>

#include "grpc/health/v1/health.grpc.pb.h"
#include "server/auth/caller.h"
#include "server/registry/registry.h"
#include "server/rpc/engine/engine.h"
#include "server/rpc/engine/watch_stream.h"
#include "server/rpc/operate/health_board.h"

namespace liveness::rpc {

using HealthStatus = ::grpc::health::v1::HealthCheckResponse::ServingStatus;

// Of a client that is known.
HealthStatus HealthOf(const core::ClientRecord& record);

class HealthService final : public AsyncService {
 public:
  // The service outlives the engine's calls, and so does `registry`. `serving`: what the empty
  // service answers until BeginDrain(); any thread.
  HealthService(registry::Registry& registry, std::function<bool()> serving);

  void Register(grpc::ServerBuilder& builder, GenericRouter& router) override;
  // `serving` may say something else than before: whoever watches the server is told. Any thread.
  void ServingChanged() { watch_.streams.WakeAll(); }
  // The server is NOT_SERVING from now on, and whoever watches it is told. Any thread.
  void BeginDrain();
  // `serving` counts again, and whoever watches the server is told. Any thread.
  void EndDrain();
  // NOT_SERVING from now on, as after BeginDrain(), then ends all watches.
  void EndCalls() override;
  void OnGateChanged() override { watch_.streams.WakeAll(); }

 private:
  friend class HealthWatchCall;

  absl::Status Check(const auth::Caller& caller, const ::grpc::health::v1::HealthCheckRequest& request,
                     ::grpc::health::v1::HealthCheckResponse& response) const;
  // As `caller` is to see it.
  HealthStatus StatusOf(std::string_view service, const auth::Caller& caller) const;

  registry::Registry& registry_;
  const std::function<bool()> serving_;
  std::atomic<bool> draining_{false};
  HealthBoard board_;
  WatchStream::Method watch_;
};

}  // namespace liveness::rpc
