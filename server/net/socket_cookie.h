// The number that the kernel gives a socket and never gives again: it tells a descriptor's number that was
// used anew from the connection that had it before. Thread-safe.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <optional>

namespace liveness::net {

// Nothing if `fd` is no socket, or is closed.
inline std::optional<std::uint64_t> CookieOf(int fd) {
  std::uint64_t cookie = 0;
  socklen_t size = sizeof(cookie);
  if (getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &size) != 0) return std::nullopt;
  return cookie;
}

}  // namespace liveness::net
