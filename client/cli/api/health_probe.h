// One question to a server's grpc.health.v1, any server's. Thread-safe.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "client/cli/settings.h"
#include "common/clock.h"
#include "common/tls_files.h"

namespace liveness::cli {

struct HealthQuestion {
  std::string service;  // empty: the server itself
  common::Duration connect_timeout{};
  common::Duration rpc_timeout{};
  std::string token;  // a bearer's; empty: none
};

struct HealthAnswer {
  enum class Outcome { kAnswered, kNotConnected, kRpcFailed };
  Outcome outcome = Outcome::kAnswered;
  std::string status;    // kAnswered: SERVING, NOT_SERVING, UNKNOWN, SERVICE_UNKNOWN or a number
  absl::Status failure;  // otherwise: why
};

// Asks `server`, once. `files` as common::ReadTlsFiles() gave them for `settings.tls`.
HealthAnswer AskHealth(const std::string& server, const GlobalSettings& settings,
                       const common::TlsContents& files, const HealthQuestion& question);

}  // namespace liveness::cli
