// The two messages of every heartbeat, read and written by hand.
//
// Protobuf takes about 3,100 instructions for a ping and its pong, most of them
// to build and take down messages in an arena; these take a tenth of it
// (bench/hot_path). Only the plain ping is read here, in the order in which
// every Protobuf writes it; anything else is left to Protobuf, which alone
// decides what is malformed. Stateless, thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include <grpcpp/support/byte_buffer.h>

#include "server/rpc/heartbeat/ping.h"

namespace liveness::rpc {

// Nothing if `bytes` are not a HeartbeatRequest with a plain ping alone.
std::optional<PlainPing> ReadPlainPing(const grpc::ByteBuffer& bytes);
std::optional<PlainPing> ReadPlainPing(const std::uint8_t* begin, std::size_t size);

// The HeartbeatResponse with that pong, as Protobuf would write it.
grpc::ByteBuffer WritePong(const PendingPong& pong);

}  // namespace liveness::rpc
