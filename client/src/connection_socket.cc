#include "client/src/connection_socket.h"

#include <algorithm>
#include <cstdint>

#ifdef __linux__
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#endif

#include "client/src/socket_address.h"
#include "common/socket_cookie.h"

namespace liveness::internal {
namespace {

// The other kernel may put an acknowledgement off for 40 ms, and then the acknowledgement travels.
[[maybe_unused]] constexpr std::uint32_t kLateAckMs = 60;

}  // namespace

void ConnectionSocket::Set(int fd) {
  common::MutexLock lock(mu_);
  fd_ = fd;
  cookie_ = common::SocketCookie(fd);
}

int ConnectionSocket::Descriptor() const {
  common::MutexLock lock(mu_);
  return cookie_ && common::SocketCookie(fd_) == cookie_ ? fd_ : -1;
}

std::string ConnectionSocket::LocalAddress() const { return internal::LocalAddress(Descriptor()); }

PathLook ConnectionSocket::Look() const {
#ifdef __linux__
  tcp_info info{};
  socklen_t size = sizeof(info);
  if (getsockopt(Descriptor(), IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return {};
  return PathLookOf(info);
#else
  return {};
#endif
}

#ifdef __linux__
PathLook PathLookOf(const tcp_info& info) {
  if (info.tcpi_state == TCP_SYN_SENT) return {Arrival::kConnecting};
  if (info.tcpi_state != TCP_ESTABLISHED) return {};
  // What the kernel itself expects of this path (RFC 6298): where round trips grow, nothing is lost.
  const std::uint32_t expected_ms = (info.tcpi_rtt + 4 * info.tcpi_rttvar) / 1000;
  const bool late =
      info.tcpi_retransmits > 0 || info.tcpi_last_data_sent >= std::max(kLateAckMs, expected_ms);
  return {info.tcpi_unacked > 0 && late ? Arrival::kUnacknowledged : Arrival::kAcknowledged,
          std::chrono::milliseconds(info.tcpi_last_ack_recv)};
}
#endif

}  // namespace liveness::internal
