// What heartbeat streams send, as gRPC holds it. Stateless, thread-safe.
#pragma once

#include <cstdint>

#include <grpcpp/support/byte_buffer.h>

#include "common/clock.h"
#include "liveness/v1/heartbeat_service.pb.h"
#include "server/rpc/heartbeat/ping.h"

namespace liveness::rpc {

grpc::ByteBuffer Serialize(const v1::HeartbeatResponse& response);
grpc::ByteBuffer SerializeProbe(std::uint64_t sequence, common::WallTime send_time);
grpc::ByteBuffer SerializeDrain(common::Duration reconnect_within);
grpc::ByteBuffer SerializePong(const PendingPong& pong);

}  // namespace liveness::rpc
