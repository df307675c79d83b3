// What a stream is told that is ended because another instance, stream or server came before it.
#pragma once

#include <chrono>

#include "absl/status/status.h"
#include "common/status.h"

namespace liveness::registry {

inline absl::Status SupersededError() {
  return common::Error(absl::StatusCode::kAborted, "SUPERSEDED",
                       "a newer instance took over this client_id; this instance must not come back");
}

inline absl::Status EvictedError() {
  return common::Error(absl::StatusCode::kAborted, "EVICTED",
                       "an operator evicted this instance; it must not come back");
}

inline absl::Status ReplacedError() {
  return common::Error(absl::StatusCode::kCancelled, "STREAM_REPLACED",
                       "a newer stream of the same instance took over");
}

inline absl::Status StaleHelloError() {
  return common::Error(absl::StatusCode::kCancelled, "STALE_HELLO",
                       "a later hello of the same instance was taken before this one; it changed nothing");
}

// Two servers decided on the same client at once. Nothing is wrong with the one that lost: its client may try
// again.
inline absl::Status ConflictError() {
  return common::WithRetryDelay(
      common::Error(absl::StatusCode::kUnavailable, "STORE_UNAVAILABLE",
                    "another server wrote to this client at the same moment; try again"),
      std::chrono::milliseconds(100));
}

// More for this client is not taken before the store commits some of it.
inline absl::Status TooMuchWaitsError() {
  return common::Error(absl::StatusCode::kUnavailable, "STORE_UNAVAILABLE",
                       "too many changes of this client wait for the store");
}

}  // namespace liveness::registry
