// What an operator chooses of heartbeats.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

#include "common/clock.h"
#include "common/limits.h"
#include "server/core/time/timing.h"

namespace liveness::rpc {

struct HeartbeatOptions {
  std::string server_id;
  core::Timing preset;  // of a client that asks for none
  core::TimingBounds bounds;
  common::Duration hello_timeout = std::chrono::seconds(5);
  std::uint32_t max_ping_rate = 10;  // times what the interval asks for; 0: no limit
  // Changes of its labels that a session may make in an interval on average, 25 times as many at once; 0: no
  // limit. Each is a transition, which is kept, told to all and sent to hooks.
  std::uint32_t max_label_rate = 2;
  // Of a client's progress tokens that are kept, at least 1: those that are most behind.
  std::size_t max_progress_tokens = common::kMaxProgressTokens;
  // 0: no limit.
  std::size_t max_streams_per_peer = 50'000;
  std::size_t max_streams_per_principal = 0;
  std::uint32_t max_log_rate = 20;   // lines of the log a second, of each reason that streams end for badly
  std::uint32_t max_hello_rate = 0;  // sessions that a caller may begin, a second; see HelloPace
};

}  // namespace liveness::rpc
