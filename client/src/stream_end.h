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
  bool denied() const { return code == absl::StatusCode::kPermissionDenied; }
  // What was asked for cannot be had. Final at the start; later a worse path is no reason to give up.
  bool unreachable() const { return reason == "QUALITY_UNREACHABLE"; }
  // This instance is over, on every server.
  bool fenced() const {
    return reason == "SUPERSEDED" || reason == "EVICTED" ||
           (code == absl::StatusCode::kAborted && !reason.empty());
  }
  // The server will not have this instance again: coming back would only make
  // two processes fight over one id, or repeat the same mistake.
  bool final() const { return fenced() || reason == "BAD_HELLO"; }
};

// Reads the ErrorInfo and RetryInfo that ride on `status`. Thread-safe.
StreamEnd ParseStreamEnd(const grpc::Status& status);

}  // namespace liveness::internal
