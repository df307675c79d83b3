// How a stream ended, as the rest of the library sees it.
#pragma once

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "common/clock.h"

namespace grpc {
class Status;
}

namespace liveness::internal {

struct StreamEnd {
  absl::StatusCode code = absl::StatusCode::kUnknown;
  std::string reason;  // of google.rpc.ErrorInfo with domain `liveness`; empty without one
  std::string message;
  std::optional<common::Duration> retry_delay;

  bool ok() const { return code == absl::StatusCode::kOk; }
  // Another stream of the same instance has its session now.
  bool replaced() const { return reason == "STREAM_REPLACED"; }
};

// Reads the ErrorInfo and RetryInfo that ride on `status`. Thread-safe.
StreamEnd ParseStreamEnd(const grpc::Status& status);

}  // namespace liveness::internal
