// The two layers of keepalive below the heartbeat.
//
// The heartbeat alone finds a silent server. These two layers keep idle connections open
// through firewalls and NATs, and let the kernel and gRPC find a dead path even
// where nothing is said.
#pragma once

#include <chrono>

namespace liveness {

struct Keepalive {
  // Kernel TCP keepalive of the client's socket: the first probe after
  // `tcp_idle` of quiet, then one every `tcp_interval`, and the connection is
  // dropped after `tcp_count` without an answer. Whole seconds, as the kernel has it.
  bool tcp_enabled = true;
  std::chrono::seconds tcp_idle{30};
  std::chrono::seconds tcp_interval{3};
  int tcp_count = 3;
  // TCP_USER_TIMEOUT: how long sent bytes may stay unacknowledged. Give about
  // idle + interval * count, because the kernel takes this in place of `tcp_count`.
  std::chrono::milliseconds tcp_user_timeout{39'000};

  // HTTP/2 pings: one after `http2_time` in which nothing was received; the
  // connection is dropped if no answer comes within `http2_timeout`. Zero
  // `http2_time` turns these pings off. The server allows two of them 500 ms apart.
  std::chrono::milliseconds http2_time{30'000};
  std::chrono::milliseconds http2_timeout{10'000};

  bool operator==(const Keepalive&) const = default;

  static Keepalive Standard() { return {}; }
  static Keepalive Strict() {
    using namespace std::chrono_literals;
    return {
        .tcp_idle = 6s, .tcp_interval = 1s, .tcp_user_timeout = 9s, .http2_time = 6s, .http2_timeout = 3s};
  }
};

// A heartbeat with its keepalive:
//              interval / timeout   silence found after
//   standard   10 s / 40 s          30-40 s
//   strict     3 s / 9 s            6-9 s
enum class Preset { kStandard, kStrict };

}  // namespace liveness
