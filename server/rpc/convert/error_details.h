// absl::Status as it goes out: with google.rpc.ErrorInfo, BadRequest and
// RetryInfo in the `grpc-status-details-bin` trailer. Pure, thread-safe.
#pragma once

#include <grpcpp/support/status.h>

#include "absl/status/status.h"

namespace liveness::rpc {

// Codes are the same on both sides. Details are attached if the status has a
// reason (common/status.h); without one it goes out as it is.
grpc::Status ToGrpcStatus(const absl::Status& status);

}  // namespace liveness::rpc
