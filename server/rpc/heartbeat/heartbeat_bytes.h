// What heartbeat streams read and write, as gRPC holds it. Stateless, thread-safe.
#pragma once

#include <cstdint>
#include <span>

#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/slice.h>

#include "common/clock.h"
#include "liveness/v1/heartbeat_service.pb.h"
#include "server/rpc/heartbeat/ping.h"

namespace liveness::rpc {

// The message in one piece. A small one came so and is shared; one that came in several is copied.
grpc::Slice OneSlice(const grpc::ByteBuffer& message);
inline std::span<const std::uint8_t> BytesOf(const grpc::Slice& slice) {
  return {slice.begin(), slice.size()};
}

grpc::ByteBuffer Serialize(const v1::HeartbeatResponse& response);
grpc::ByteBuffer SerializeProbe(std::uint64_t sequence, common::WallTime send_time);
grpc::ByteBuffer SerializeDrain(common::Duration reconnect_within);
grpc::ByteBuffer SerializePong(const PendingPong& pong);

}  // namespace liveness::rpc
