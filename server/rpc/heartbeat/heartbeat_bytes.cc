#include "server/rpc/heartbeat/heartbeat_bytes.h"

#include <array>

#include <google/protobuf/arena.h>
#include <grpcpp/support/slice.h>

#include "server/rpc/convert/convert.h"
#include "server/rpc/heartbeat/heartbeat_codec.h"
#include "server/rpc/heartbeat/ping_wire.h"

namespace liveness::rpc {
namespace {

v1::HeartbeatResponse& NewResponse(StackArena& arena) {
  return *google::protobuf::Arena::CreateMessage<v1::HeartbeatResponse>(arena.get());
}

}  // namespace

grpc::ByteBuffer Serialize(const v1::HeartbeatResponse& response) {
  grpc::Slice slice(response.ByteSizeLong());
  response.SerializeWithCachedSizesToArray(const_cast<std::uint8_t*>(slice.begin()));
  return grpc::ByteBuffer(&slice, 1);
}

grpc::ByteBuffer SerializeProbe(std::uint64_t sequence, common::WallTime send_time) {
  StackArena arena;
  v1::HeartbeatResponse& response = NewResponse(arena);
  response.mutable_ping()->set_sequence(sequence);
  ToProto(send_time, *response.mutable_ping()->mutable_send_time());
  return Serialize(response);
}

grpc::ByteBuffer SerializeDrain(common::Duration reconnect_within) {
  StackArena arena;
  v1::HeartbeatResponse& response = NewResponse(arena);
  ToProto(reconnect_within, *response.mutable_drain()->mutable_reconnect_within());
  return Serialize(response);
}

grpc::ByteBuffer SerializePong(const PendingPong& pong) {
  std::array<std::uint8_t, kMaxPongBytes> bytes;
  const grpc::Slice slice(bytes.data(), WritePong(pong, bytes));
  return grpc::ByteBuffer(&slice, 1);
}

}  // namespace liveness::rpc
