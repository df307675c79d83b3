// What an error carries besides its code and message: the contract's stable
// reason, the fields that are wrong, and when to come back.
//
// Modules pass absl::Status; these payloads ride on it. server/rpc turns them
// into google.rpc.ErrorInfo, BadRequest and RetryInfo, and the client library
// reads them back. Pure functions, thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "common/clock.h"

namespace liveness::common {

struct FieldViolation {
  std::string field;        // e.g. "hello.client_id"
  std::string description;  // e.g. "is empty"
  bool operator==(const FieldViolation&) const = default;
};

// `reason` is UPPER_SNAKE and never changes once released, e.g. "SUPERSEDED".
absl::Status Error(absl::StatusCode code, std::string_view reason, std::string_view message);

// INVALID_ARGUMENT with every wrong field named, in the message too.
// REQUIRES: `violations` is not empty.
absl::Status BadFields(std::string_view reason, const std::vector<FieldViolation>& violations);

// `status`, with the least time to wait before another try.
absl::Status WithRetryDelay(absl::Status status, Duration delay);

std::string ReasonOf(const absl::Status& status);  // empty if it has none
std::vector<FieldViolation> ViolationsOf(const absl::Status& status);
std::optional<Duration> RetryDelayOf(const absl::Status& status);

}  // namespace liveness::common
