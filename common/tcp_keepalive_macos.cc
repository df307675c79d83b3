#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "common/socket_option.h"
#include "common/tcp_keepalive.h"

namespace liveness::common {
namespace {

// No error if `socket` is TCP. macOS has no SO_DOMAIN; getsockname knows the
// family of an unbound socket too.
std::error_code CheckTcp(int socket) {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  if (getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    return {errno, std::system_category()};
  }
  int type = 0;
  if (auto error = GetIntOption(socket, SOL_SOCKET, SO_TYPE, &type)) return error;
  if ((address.ss_family != AF_INET && address.ss_family != AF_INET6) || type != SOCK_STREAM) {
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
      {IPPROTO_TCP, TCP_KEEPALIVE, values.idle.count()},  // macOS's name of TCP_KEEPIDLE
      {IPPROTO_TCP, TCP_KEEPINTVL, values.interval.count()},
      {IPPROTO_TCP, TCP_KEEPCNT, values.count},
      // Seconds; covers retransmissions, as TCP_USER_TIMEOUT does.
      {IPPROTO_TCP, TCP_RXT_CONNDROPTIME, RoundUpToSeconds(values.user_timeout).count()},
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
  int enabled = 0, idle = 0, interval = 0, count = 0, drop_time = 0;
  if (auto error = GetIntOption(socket, SOL_SOCKET, SO_KEEPALIVE, &enabled)) return {error, {}};
  if (auto error = GetIntOption(socket, IPPROTO_TCP, TCP_KEEPALIVE, &idle)) return {error, {}};
  if (auto error = GetIntOption(socket, IPPROTO_TCP, TCP_KEEPINTVL, &interval)) return {error, {}};
  if (auto error = GetIntOption(socket, IPPROTO_TCP, TCP_KEEPCNT, &count)) return {error, {}};
  if (auto error = GetIntOption(socket, IPPROTO_TCP, TCP_RXT_CONNDROPTIME, &drop_time)) return {error, {}};
  TcpKeepaliveReading reading;
  reading.values.enabled = enabled != 0;
  reading.values.idle = std::chrono::seconds(idle);
  reading.values.interval = std::chrono::seconds(interval);
  reading.values.count = count;
  reading.values.user_timeout = std::chrono::seconds(drop_time);
  return reading;
}

}  // namespace liveness::common
