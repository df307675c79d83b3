// Heartbeat messages between bytes and Protobuf; a plain ping and its pong go
// by ping_wire.h. Stateless, thread-safe.
#pragma once

#include <cstdint>
#include <vector>

#include <google/protobuf/arena.h>
#include <grpcpp/support/byte_buffer.h>

#include "common/clock.h"
#include "common/status.h"
#include "liveness/v1/heartbeat_service.pb.h"

namespace liveness::rpc {

// An arena on the stack, so that a small message allocates nothing of ours. One
// that is larger goes on on the heap by itself.
class StackArena {
 public:
  StackArena() : arena_(block_, sizeof(block_)) {}
  google::protobuf::Arena* get() { return &arena_; }

 private:
  alignas(8) char block_[1024];
  google::protobuf::Arena arena_;
};

// Null if the bytes are no HeartbeatRequest. Lives as long as `arena`.
const v1::HeartbeatRequest* ParseRequest(grpc::ByteBuffer& bytes, StackArena& arena);

// If the bytes fail to parse only because texts of a hello are no UTF-8: those
// texts. Else empty.
std::vector<common::FieldViolation> TextsThatAreNoUtf8(grpc::ByteBuffer& bytes);

grpc::ByteBuffer Serialize(const v1::HeartbeatResponse& response);
grpc::ByteBuffer SerializeProbe(std::uint64_t sequence, common::WallTime send_time);
grpc::ByteBuffer SerializeDrain(common::Duration reconnect_within);

}  // namespace liveness::rpc
