// Requests of heartbeat streams, from bytes to Protobuf; a plain ping is read by ping_wire.h.
// No gRPC type in it. Stateless, thread-safe.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <google/protobuf/arena.h>

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

// Null if the bytes are no HeartbeatRequest. Lives as long as `arena`. REQUIRES: less than 2 GiB.
const v1::HeartbeatRequest* ParseRequest(std::span<const std::uint8_t> bytes, StackArena& arena);

// If the bytes fail to parse only because texts of a hello are no UTF-8: those
// texts. Else empty.
std::vector<common::FieldViolation> TextsThatAreNoUtf8(std::span<const std::uint8_t> bytes);

}  // namespace liveness::rpc
