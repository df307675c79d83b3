// How a stream ended, as the session sees it. gRPC's status is read in parse_stream_end.h.
#pragma once

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "common/clock.h"

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

}  // namespace liveness::internal
