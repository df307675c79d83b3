#include "client/cli/doctor/socket_view.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <chrono>

#include "common/net/socket_address.h"
#include "common/socket_cookie.h"
#include "common/tcp_keepalive.h"

namespace liveness::cli::doctor {

void SocketView::Set(int fd) {
  common::MutexLock lock(mu_);
  fd_ = fd;
  cookie_ = common::SocketCookie(fd);
}

int SocketView::Descriptor() const {
  common::MutexLock lock(mu_);
  return cookie_ && common::SocketCookie(fd_) == cookie_ ? fd_ : -1;
}

std::string SocketView::LocalAddress() const {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  const bool is_known = getsockname(Descriptor(), reinterpret_cast<sockaddr*>(&address), &size) == 0;
  return is_known ? common::AddressAndPortText(reinterpret_cast<const sockaddr&>(address)) : std::string();
}

std::optional<common::TcpKeepalive> SocketView::Keepalive() const {
  const common::TcpKeepaliveReading reading = common::GetTcpKeepalive(Descriptor());
  if (reading.error) return std::nullopt;
  return reading.values;
}

std::optional<TcpFigures> SocketView::Tcp() const {
  tcp_info info{};
  socklen_t size = sizeof(info);
  if (getsockopt(Descriptor(), IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return std::nullopt;
  return TcpFigures{.rtt = std::chrono::microseconds(info.tcpi_rtt),
                    .rtt_least = std::chrono::microseconds(info.tcpi_min_rtt),
                    .sent_segments = info.tcpi_segs_out,
                    .resent_segments = info.tcpi_total_retrans};
}

}  // namespace liveness::cli::doctor
