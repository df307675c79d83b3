#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "common/socket_option.h"
#include "common/tcp_keepalive.h"

namespace liveness::common {
namespace {

// No error if `socket` is TCP.
std::error_code CheckTcp(int socket) {
  int domain = 0;
  int protocol = 0;
  if (auto error = GetIntOption(socket, SOL_SOCKET, SO_DOMAIN, &domain)) return error;
  if (auto error = GetIntOption(socket, SOL_SOCKET, SO_PROTOCOL, &protocol)) return error;
  if ((domain != AF_INET && domain != AF_INET6) || protocol != IPPROTO_TCP) {
    return std::make_error_code(std::errc::wrong_protocol_type);
  }
  return {};
}

}  // namespace

bool IsTcp(NativeSocket socket) { return !CheckTcp(socket); }

std::error_code SetTcpKeepalive(NativeSocket socket, const TcpKeepalive& keepalive) {
  if (auto error = CheckTcp(socket)) return error;
  if (!keepalive.enabled) return SetIntOption(socket, SOL_SOCKET, SO_KEEPALIVE, 0);
  const TcpKeepalive values = InForce(keepalive);
  const struct {
    int level;
    int option;
    std::int64_t value;
  } settings[] = {
      {IPPROTO_TCP, TCP_KEEPIDLE, values.idle.count()},
      {IPPROTO_TCP, TCP_KEEPINTVL, values.interval.count()},
      {IPPROTO_TCP, TCP_KEEPCNT, values.count},
      {IPPROTO_TCP, TCP_USER_TIMEOUT, values.user_timeout.count()},
      {SOL_SOCKET, SO_KEEPALIVE, 1},
  };
  for (const auto& setting : settings) {
    // A value that wraps round to a small one would be taken silently.
    if (setting.value > std::numeric_limits<int>::max()) {
      return std::make_error_code(std::errc::invalid_argument);
    }
    const int value = static_cast<int>(setting.value);
    if (auto error = SetIntOption(socket, setting.level, setting.option, value)) return error;
  }
  return {};
}

TcpKeepaliveReading GetTcpKeepalive(NativeSocket socket) {
  if (auto error = CheckTcp(socket)) return {error, {}};
  int enabled = 0, idle = 0, interval = 0, count = 0, user_timeout = 0;
  if (auto error = GetIntOption(socket, SOL_SOCKET, SO_KEEPALIVE, &enabled)) return {error, {}};
  if (auto error = GetIntOption(socket, IPPROTO_TCP, TCP_KEEPIDLE, &idle)) return {error, {}};
  if (auto error = GetIntOption(socket, IPPROTO_TCP, TCP_KEEPINTVL, &interval)) return {error, {}};
  if (auto error = GetIntOption(socket, IPPROTO_TCP, TCP_KEEPCNT, &count)) return {error, {}};
  if (auto error = GetIntOption(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, &user_timeout)) return {error, {}};
  TcpKeepaliveReading reading;
  reading.values.enabled = enabled != 0;
  reading.values.idle = std::chrono::seconds(idle);
  reading.values.interval = std::chrono::seconds(interval);
  reading.values.count = count;
  reading.values.user_timeout = std::chrono::milliseconds(user_timeout);
  return reading;
}

}  // namespace liveness::common
