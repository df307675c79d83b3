// The ping of a beating client, and the pong that it gets.
#pragma once

#include <cstdint>

#include "common/clock.h"

namespace liveness::rpc {

// A ping without progress.
struct PlainPing {
  std::uint64_t sequence = 0;
  bool has_send_time = false;
  std::int64_t send_seconds = 0;
  std::int32_t send_nanos = 0;
};

struct PendingPong {
  PlainPing ping;  // echoed
  common::WallTime receive_time{};
  common::Duration vouched_for{};  // REQUIRES: >= 0
};

}  // namespace liveness::rpc
