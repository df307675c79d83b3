// The server's API as blocking calls that fail over: a server that is
// UNAVAILABLE hands the call to the next of --server. All of gRPC is behind this
// class, but for the connections of `beat`, `doctor` and `health`.
//
// For one thread at a time, but for Cancel().
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/cli/settings.h"
#include "common/clock.h"
#include "liveness/v1/admin_service.pb.h"
#include "liveness/v1/registry_service.pb.h"

namespace liveness::cli {

class Api {
 public:
  // INVALID_ARGUMENT, with the flag, the file and what is wrong, if a TLS file cannot be used. Uses nothing
  // of gRPC yet: that, and connecting, begins with the first call.
  static absl::StatusOr<std::unique_ptr<Api>> Create(const GlobalSettings& settings);
  ~Api();
  Api(const Api&) = delete;
  Api& operator=(const Api&) = delete;

  absl::StatusOr<v1::Client> GetClient(const v1::GetClientRequest& request);
  absl::StatusOr<v1::ListClientsResponse> ListClients(const v1::ListClientsRequest& request);
  absl::StatusOr<v1::ListTransitionsResponse> ListTransitions(const v1::ListTransitionsRequest& request);
  absl::StatusOr<v1::GetStatsResponse> GetStats(const v1::GetStatsRequest& request);
  absl::StatusOr<v1::Client> EvictClient(const v1::EvictClientRequest& request);
  absl::StatusOr<v1::SetMaintenanceResponse> SetMaintenance(const v1::SetMaintenanceRequest& request);
  absl::StatusOr<v1::DrainServerResponse> DrainServer(const v1::DrainServerRequest& request);
  absl::StatusOr<v1::UndrainServerResponse> UndrainServer(const v1::UndrainServerRequest& request);
  absl::StatusOr<v1::ServerInfo> GetServerInfo(const v1::GetServerInfoRequest& request);
  absl::StatusOr<v1::ListAuditEventsResponse> ListAuditEvents(const v1::ListAuditEventsRequest& request);

  // The server's wall clock, or `fallback` if the server does not tell it. Ages are reckoned on this clock,
  // because those of two hosts differ.
  common::WallTime ServerTime(common::WallTime fallback);

  // Watches at the current server until the stream ends; returns why. A stream
  // that is silent for `silence_limit` has ended (the server promises bookmarks).
  // The call after a Watch() goes to the next server.
  absl::Status Watch(const v1::WatchClientsRequest& request, common::Duration silence_limit,
                     const std::function<void(const v1::WatchClientsResponse&)>& on_response);
  // Ends the current call or Watch(), its search for a server included, and every later one, with CANCELLED.
  // Thread-safe.
  void Cancel();

  // The server that the last call went to, HOST:PORT.
  const std::string& server() const;

  // How servers are connected to.
  const TlsSettings& tls() const;

  // The servers that the last call found UNAVAILABLE, and how, in that order.
  struct Failure {
    std::string server;
    absl::Status status;
  };
  const std::vector<Failure>& failures() const;

 private:
  class Impl;
  explicit Api(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace liveness::cli
