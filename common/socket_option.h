// setsockopt and getsockopt of an int, for the POSIX backends of
// tcp_keepalive.h. Not for anybody else. Thread-safe.
#pragma once

#include <sys/socket.h>

#include <cerrno>
#include <system_error>

namespace liveness::common {

inline std::error_code SetIntOption(int socket, int level, int option, int value) {
  if (setsockopt(socket, level, option, &value, sizeof(value)) == 0) return {};
  return {errno, std::system_category()};
}

inline std::error_code GetIntOption(int socket, int level, int option, int* value) {
  socklen_t size = sizeof(*value);
  if (getsockopt(socket, level, option, value, &size) == 0) return {};
  return {errno, std::system_category()};
}

}  // namespace liveness::common
