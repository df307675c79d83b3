// Between messages and the bytes that they come and go as.
#pragma once

#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/slice.h>

#include <cstddef>
#include <cstdint>
#include <span>

#include "absl/status/status.h"
#include "server/rpc/engine/call_errors.h"

namespace liveness::rpc {

// Largest request of a query: an operator's filter has its own, smaller bound. A heartbeat's is smaller
// still.
inline constexpr std::size_t kMaxRequestBytes = 64 * 1024;

// The message in one piece. A small message came in one and is shared; what came in several is copied.
inline grpc::Slice OneSlice(const grpc::ByteBuffer& message) {
  grpc::Slice slice;
  // The second fails only for a buffer that was never read into: it holds no bytes.
  if (!message.TrySingleSlice(&slice).ok() && !message.DumpToSingleSlice(&slice).ok()) slice = grpc::Slice();
  return slice;
}
inline std::span<const std::uint8_t> BytesOf(const grpc::Slice& slice) {
  return {slice.begin(), slice.size()};
}

// INVALID_ARGUMENT BAD_MESSAGE; RESOURCE_EXHAUSTED MESSAGE_TOO_LARGE. Empties `bytes`.
template <typename Message>
absl::Status ParseMessage(grpc::ByteBuffer& bytes, Message& message) {
  if (const std::size_t size = bytes.Length(); size > kMaxRequestBytes) {
    bytes.Clear();
    return MessageTooLargeError(size, kMaxRequestBytes);
  }
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
