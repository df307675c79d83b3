// What calls are ended with, whatever they asked for. No gRPC type in it.
#pragma once

#include <chrono>
#include <cstddef>
#include <string_view>

#include "absl/status/status.h"
#include "common/status.h"
#include "common/strings.h"

namespace liveness::rpc {

inline absl::Status BadMessageError() {
  return common::Error(absl::StatusCode::kInvalidArgument, "BAD_MESSAGE", "the request is no message");
}

inline absl::Status MessageTooLargeError(std::size_t bytes, std::size_t most) {
  return common::Error(absl::StatusCode::kResourceExhausted, "MESSAGE_TOO_LARGE",
                       common::StrCat("the message has ", bytes, " bytes, more than ", most));
}

// With RetryInfo: the caller may try again in a second.
inline absl::Status ServerBusyError(std::string_view what) {
  return common::WithRetryDelay(common::Error(absl::StatusCode::kResourceExhausted, "SERVER_BUSY", what),
                                std::chrono::seconds(1));
}
inline absl::Status TooManyQueriesError() {
  return ServerBusyError("too many queries wait, of all or of this address; try again");
}

// Nor one that the caller may see.
inline absl::Status ClientNotFoundError(std::string_view client_id) {
  return common::Error(absl::StatusCode::kNotFound, "CLIENT_NOT_FOUND",
                       common::StrCat("no client ", client_id, " is known"));
}

// To what was let in and would not be now. `why`: what the gate says now.
inline absl::Status RevokedError(const absl::Status& why) {
  return common::Error(absl::StatusCode::kPermissionDenied, "REVOKED",
                       common::StrCat("what let you in holds no longer: ", common::ToStd(why.message())));
}
// To what watches: it is to ask anew, and sees other clients then.
inline absl::Status ViewChangedError() {
  return common::Error(absl::StatusCode::kUnavailable, "VIEW_CHANGED",
                       "which clients you may see has changed; ask again");
}

// To heartbeats, and to what watches: the server takes none any more.
inline absl::Status DrainingError() {
  return common::Error(absl::StatusCode::kUnavailable, "DRAINING",
                       "this server is going away; connect to another, or again later");
}
inline absl::Status ShuttingDownError() {
  return common::Error(absl::StatusCode::kUnavailable, "DRAINING", "the server is shutting down");
}

}  // namespace liveness::rpc
