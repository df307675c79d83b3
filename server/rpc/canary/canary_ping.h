// A ping of the canary's on the wire: when it left. Only this process reads it, by the same clock.
#pragma once

#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/slice.h>

#include <cstdint>
#include <cstring>
#include <optional>

#include "common/clock.h"
#include "server/rpc/engine/message_bytes.h"

namespace liveness::rpc {

inline grpc::ByteBuffer WriteCanaryPing(common::MonoTime sent) {
  const std::int64_t nanos = sent.time_since_epoch().count();
  const grpc::Slice slice(&nanos, sizeof nanos);
  return grpc::ByteBuffer(&slice, 1);
}

// Nothing if it is none.
inline std::optional<common::MonoTime> ReadCanaryPing(const grpc::ByteBuffer& bytes) {
  std::int64_t nanos = 0;
  if (bytes.Length() != sizeof nanos) return std::nullopt;
  const grpc::Slice slice = OneSlice(bytes);
  std::memcpy(&nanos, slice.begin(), sizeof nanos);
  return common::MonoTime(common::Duration(nanos));
}

}  // namespace liveness::rpc
