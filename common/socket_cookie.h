// What tells one socket from another under the same number: on Linux a number that the kernel gives a socket
// and never gives again. Thread-safe.
#pragma once

#include <sys/socket.h>
#include <sys/stat.h>

#include <cstdint>
#include <optional>

namespace liveness::common {

// Nothing if `fd` is no socket, or is closed. Async-signal-safe.
inline std::optional<std::uint64_t> SocketCookie(int fd) {
#ifdef SO_COOKIE
  std::uint64_t cookie = 0;
  socklen_t size = sizeof(cookie);
  if (getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &size) != 0) return std::nullopt;
  return cookie;
#else
  struct stat status {};
  if (fstat(fd, &status) != 0 || !S_ISSOCK(status.st_mode)) return std::nullopt;
  return static_cast<std::uint64_t>(status.st_ino);
#endif
}

}  // namespace liveness::common
