// Kernel TCP keepalive: the layer that keeps an idle connection open through
// firewalls and NATs, and that ends it when the other host is gone.
//
// A library of its own (liveness::tcp_keepalive) with nothing but the standard
// library in it, one backend per system: tcp_keepalive_{linux,macos,windows}.cc.
// Free functions without state; thread-safe.
//
// Linux: an accepted socket inherits everything from its listener, so setting
// the listener is enough. A kernel's default idle time of two hours is never
// left in place: the values are set before keepalive is switched on.
//
// TCP_USER_TIMEOUT overrides TCP_KEEPCNT: once it is set, an idle connection is
// cut at the first unanswered probe after the user timeout, whatever the count
// says. It must therefore not be shorter than the probes need, nor be left at
// what somebody else chose (gRPC: 20 s). The formula that makes both agree is
// DefaultUserTimeout().
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>
#include <system_error>

namespace liveness::common {

#ifdef _WIN32
using NativeSocket = std::uintptr_t;  // SOCKET
#else
using NativeSocket = int;
#endif

struct TcpKeepalive {
  bool enabled = true;
  // The silence after which the first probe is sent. Linux: at most 32767 s.
  std::chrono::seconds idle{30};
  // The time between unanswered probes. Linux: at most 32767 s.
  std::chrono::seconds interval{3};
  // The unanswered probes that end the connection. Linux: at most 127.
  int count = 3;
  // The longest that anything sent may stay unacknowledged. 0: DefaultUserTimeout().
  std::chrono::milliseconds user_timeout{0};

  bool operator==(const TcpKeepalive&) const = default;
};

// Kernels count whole seconds from 1 on: a span of 100 ms becomes 1 s. Never
// down: a rounded-down idle time would be 0, which kernels refuse.
constexpr std::chrono::seconds RoundUpToSeconds(std::chrono::nanoseconds span) {
  return std::max(std::chrono::ceil<std::chrono::seconds>(span), std::chrono::seconds(1));
}

// idle + interval * count: when the last of `count` probes has gone unanswered.
// Never longer than kernels can hold (2^31 - 1 ms).
constexpr std::chrono::milliseconds DefaultUserTimeout(std::chrono::seconds idle,
                                                       std::chrono::seconds interval, int count) {
  constexpr std::int64_t kMaxSeconds = std::numeric_limits<std::int32_t>::max() / 1000;
  const std::int64_t first = std::clamp<std::int64_t>(idle.count(), 0, kMaxSeconds);
  const std::int64_t each = std::clamp<std::int64_t>(interval.count(), 0, kMaxSeconds);
  return std::chrono::seconds(std::min(first + each * std::max(count, 0), kMaxSeconds));
}

// What is really asked of the kernel for `wanted`: idle, interval and count at
// least 1, and a user timeout, which is never 0 (for ever).
constexpr TcpKeepalive InForce(TcpKeepalive wanted) {
  wanted.idle = std::max(wanted.idle, std::chrono::seconds(1));
  wanted.interval = std::max(wanted.interval, std::chrono::seconds(1));
  wanted.count = std::max(wanted.count, 1);
  if (wanted.user_timeout.count() <= 0) {
    wanted.user_timeout = DefaultUserTimeout(wanted.idle, wanted.interval, wanted.count);
  }
  return wanted;
}

// True if `socket` is a TCP socket over IPv4 or IPv6. False for Unix sockets,
// which come through the same hooks, for UDP, and for what is no socket at all.
bool IsTcp(NativeSocket socket);

// Sets InForce(`keepalive`) on a listening or connected socket. A value that
// the kernel does not take is an error, and keepalive is then not switched on.
// `enabled == false` switches keepalive off and touches nothing else.
// Anything but a TCP socket is refused with wrong_protocol_type, untouched; a
// bad handle with the system's own error (EBADF, ENOTSOCK, WSAENOTSOCK).
// The socket stays the caller's.
std::error_code SetTcpKeepalive(NativeSocket socket, const TcpKeepalive& keepalive);

struct TcpKeepaliveReading {
  std::error_code error;  // if set, `values` mean nothing
  TcpKeepalive values;
};

// What the kernel has in force now. Linux reports its own units; macOS and
// Windows know the user timeout in whole seconds. A Windows too old to report
// the values (before 10, 1709) answers with its own error.
TcpKeepaliveReading GetTcpKeepalive(NativeSocket socket);

}  // namespace liveness::common
