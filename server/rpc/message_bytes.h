// Between messages and the bytes that they come and go as.
#pragma once

#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/support/byte_buffer.h>

#include "absl/status/status.h"
#include "common/status.h"

namespace liveness::rpc {

inline absl::Status BadMessageError() {
  return common::Error(absl::StatusCode::kInvalidArgument, "BAD_MESSAGE", "the request is no message");
}

// INVALID_ARGUMENT BAD_MESSAGE. Empties `bytes`.
template <typename Message>
absl::Status ParseMessage(grpc::ByteBuffer& bytes, Message& message) {
  if (grpc::SerializationTraits<Message>::Deserialize(&bytes, &message).ok()) return absl::OkStatus();
  return BadMessageError();
}

// INTERNAL for a message that is too large for Protobuf, or lacks memory.
template <typename Message>
absl::Status SerializeMessage(const Message& message, grpc::ByteBuffer& bytes) {
  bool own = false;  // whether `bytes` must be cleared by hand: it never must
  if (grpc::SerializationTraits<Message>::Serialize(message, &bytes, &own).ok()) return absl::OkStatus();
  return absl::InternalError("the answer cannot be written");
}

}  // namespace liveness::rpc
