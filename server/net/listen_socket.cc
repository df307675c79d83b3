#include "server/net/listen_socket.h"

#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <utility>

#include "server/net/endpoint.h"

namespace liveness::net {

ListenSocket::~ListenSocket() { Close(); }

ListenSocket::ListenSocket(ListenSocket&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      text_(std::move(other.text_)),
      bound_(std::exchange(other.bound_, {})),
      accepted_need_options_(other.accepted_need_options_) {}

ListenSocket& ListenSocket::operator=(ListenSocket&& other) noexcept {
  if (this == &other) return *this;
  Close();
  fd_ = std::exchange(other.fd_, -1);
  text_ = std::move(other.text_);
  bound_ = std::exchange(other.bound_, {});
  accepted_need_options_ = other.accepted_need_options_;
  return *this;
}

void ListenSocket::Close() {
  if (fd_ < 0) return;
  // The file first: whoever finds it must find somebody who listens.
  struct stat found {};
  if (!bound_.path.empty() && lstat(bound_.path.c_str(), &found) == 0 && found.st_dev == bound_.device &&
      found.st_ino == bound_.inode) {
    (void)unlink(bound_.path.c_str());
  }
  close(fd_);
  fd_ = -1;
}

std::optional<Endpoint> ListenSocket::endpoint() const {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  if (getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size) != 0) return std::nullopt;
  return FromSockaddr(address);
}

std::uint16_t ListenSocket::port() const { return endpoint().value_or(Endpoint{}).port; }

bool ListenSocket::is_wide() const {
  const std::optional<Endpoint> bound = endpoint();
  return bound && !IsLoopback(*bound);
}

Backlog ListenSocket::backlog() const {
  Backlog backlog;
  // Of a listening socket these two fields are the length of its queue and the bound of it.
  tcp_info info{};
  socklen_t size = sizeof(info);
  if (is_tcp() && getsockopt(fd_, IPPROTO_TCP, TCP_INFO, &info, &size) == 0) {
    backlog.waiting = info.tcpi_unacked;
    backlog.limit = info.tcpi_sacked;
  }
  std::array<std::uint32_t, SK_MEMINFO_VARS> memory{};
  size = sizeof(memory);
  if (getsockopt(fd_, SOL_SOCKET, SO_MEMINFO, memory.data(), &size) == 0) {
    backlog.dropped = memory[SK_MEMINFO_DROPS];
  }
  return backlog;
}

}  // namespace liveness::net
