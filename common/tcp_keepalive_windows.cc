#include "common/tcp_keepalive.h"

// clang-format off
#include <winsock2.h>
#include <ws2tcpip.h>
#include <mstcpip.h>
// clang-format on

namespace liveness::common {
namespace {

// Of ws2tcpip.h in Microsoft's SDK; MinGW's has not all of them.
constexpr int kTcpKeepIdle = 3;       // TCP_KEEPIDLE, since Windows 10 1709
constexpr int kTcpMaxRt = 5;          // TCP_MAXRT: seconds of retransmitting
constexpr int kTcpKeepCount = 16;     // TCP_KEEPCNT, since Windows 10 1703
constexpr int kTcpKeepInterval = 17;  // TCP_KEEPINTVL, since Windows 10 1709

std::error_code LastError() { return {WSAGetLastError(), std::system_category()}; }

std::error_code SetOption(SOCKET socket, int level, int option, DWORD value) {
  const auto* bytes = reinterpret_cast<const char*>(&value);
  return setsockopt(socket, level, option, bytes, sizeof(value)) == 0 ? std::error_code() : LastError();
}

std::error_code GetOption(SOCKET socket, int level, int option, DWORD* value) {
  int size = sizeof(*value);
  *value = 0;
  return getsockopt(socket, level, option, reinterpret_cast<char*>(value), &size) == 0 ? std::error_code()
                                                                                       : LastError();
}

// An older Windows does not know the option. That is no failure: its probes go
// on at the idle time and interval asked for, ten of them.
std::error_code UnlessUnknown(std::error_code error) {
  return error.value() == WSAENOPROTOOPT ? std::error_code() : error;
}

// No error if `socket` is TCP.
std::error_code CheckTcp(SOCKET socket) {
  WSAPROTOCOL_INFOW info{};
  int size = sizeof(info);
  if (getsockopt(socket, SOL_SOCKET, SO_PROTOCOL_INFOW, reinterpret_cast<char*>(&info), &size) != 0) {
    return LastError();
  }
  if ((info.iAddressFamily != AF_INET && info.iAddressFamily != AF_INET6) || info.iProtocol != IPPROTO_TCP) {
    return std::make_error_code(std::errc::wrong_protocol_type);
  }
  return {};
}

}  // namespace

bool IsTcp(NativeSocket socket) { return !CheckTcp(socket); }

std::error_code SetTcpKeepalive(NativeSocket socket, const TcpKeepalive& keepalive) {
  if (auto error = CheckTcp(socket)) return error;
  const TcpKeepalive values = InForce(keepalive);
  // Both count milliseconds in 32 bits.
  constexpr auto kMax = std::chrono::seconds(std::numeric_limits<std::int32_t>::max() / 1000);
  if (values.idle > kMax || values.interval > kMax || values.user_timeout > kMax) {
    return std::make_error_code(std::errc::invalid_argument);
  }
  if (keepalive.enabled) {
    const auto count = static_cast<DWORD>(values.count);
    if (auto error = UnlessUnknown(SetOption(socket, IPPROTO_TCP, kTcpKeepCount, count))) return error;
    const auto max_rt = static_cast<DWORD>(RoundUpToSeconds(values.user_timeout).count());
    if (auto error = UnlessUnknown(SetOption(socket, IPPROTO_TCP, kTcpMaxRt, max_rt))) return error;
  }
  // Last, so that the default of two hours is never in force in between: this
  // one call sets both times and the switch.
  tcp_keepalive request{};
  request.onoff = keepalive.enabled ? 1 : 0;
  request.keepalivetime = static_cast<ULONG>(std::chrono::milliseconds(values.idle).count());
  request.keepaliveinterval = static_cast<ULONG>(std::chrono::milliseconds(values.interval).count());
  DWORD returned = 0;
  if (WSAIoctl(socket, SIO_KEEPALIVE_VALS, &request, sizeof(request), nullptr, 0, &returned, nullptr,
               nullptr) != 0) {
    return LastError();
  }
  return {};
}

TcpKeepaliveReading GetTcpKeepalive(NativeSocket socket) {
  if (auto error = CheckTcp(socket)) return {error, {}};
  DWORD enabled = 0, idle = 0, interval = 0, count = 0, max_rt = 0;
  if (auto error = GetOption(socket, SOL_SOCKET, SO_KEEPALIVE, &enabled)) return {error, {}};
  if (auto error = GetOption(socket, IPPROTO_TCP, kTcpKeepIdle, &idle)) return {error, {}};
  if (auto error = GetOption(socket, IPPROTO_TCP, kTcpKeepInterval, &interval)) return {error, {}};
  if (auto error = GetOption(socket, IPPROTO_TCP, kTcpKeepCount, &count)) return {error, {}};
  // Unknown here: 0, which says that the system's own limit holds.
  if (auto error = UnlessUnknown(GetOption(socket, IPPROTO_TCP, kTcpMaxRt, &max_rt))) return {error, {}};
  TcpKeepaliveReading reading;
  reading.values.enabled = enabled != 0;
  reading.values.idle = std::chrono::seconds(idle);
  reading.values.interval = std::chrono::seconds(interval);
  reading.values.count = static_cast<int>(count);
  reading.values.user_timeout = std::chrono::seconds(max_rt);
  return reading;
}

}  // namespace liveness::common
