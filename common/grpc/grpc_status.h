// What a server answered, as an absl::Status with the payloads of
// common/status.h (reason, field violations, retry delay). Pure, thread-safe.
#pragma once

#include <grpcpp/support/status.h>

#include "absl/status/status.h"

namespace liveness::common {

absl::Status FromGrpc(const grpc::Status& status);

}  // namespace liveness::common
