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
#include <span>

#include "server/rpc/heartbeat/ping.h"

namespace liveness::rpc {

// Nothing if `bytes` are not a HeartbeatRequest with a plain ping alone.
std::optional<PlainPing> ReadPlainPing(std::span<const std::uint8_t> bytes);

// The longest HeartbeatResponse with a pong: 2 + 11 for the sequence + twice 2 + 22 for a time + 3 + 17 for a
// span.
inline constexpr std::size_t kMaxPongBytes = 81;

// Writes the HeartbeatResponse with that pong, as Protobuf would, and returns its size.
std::size_t WritePong(const PendingPong& pong, std::span<std::uint8_t, kMaxPongBytes> into);

}  // namespace liveness::rpc
