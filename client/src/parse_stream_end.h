// From the status of a gRPC call to the end of a stream, as the session understands it.
#pragma once

#include "client/src/session/stream_end.h"

namespace grpc {
class Status;
}

namespace liveness::internal {

// Reads the ErrorInfo and RetryInfo that ride on `status`. Thread-safe.
StreamEnd ParseStreamEnd(const grpc::Status& status);

}  // namespace liveness::internal
