#include "server/net/accepted_sockets.h"

#include <sys/socket.h>

#include "common/socket_cookie.h"

namespace liveness::net {

AcceptedSockets::AcceptedSockets(common::Duration http2_time, common::Duration http2_timeout,
                                 std::size_t capacity)
    : http2_time_(http2_time), http2_timeout_(http2_timeout), capacity_(capacity) {}

void AcceptedSockets::OnAccept(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  if (getpeername(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return;
  const auto remote = FromSockaddr(address);
  if (!remote) return;

  AcceptedSocket socket;
  size = sizeof(address);
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0) {
    socket.local = FromSockaddr(address).value_or(Endpoint{});
  }
  socket.cookie = common::SocketCookie(fd).value_or(0);
  const common::TcpKeepaliveReading reading = common::GetTcpKeepalive(fd);
  if (!reading.error) socket.keepalive = Intern({reading.values, http2_time_, http2_timeout_});
  socket.fd = fd;
  Remember(*remote, socket);
}

void AcceptedSockets::Remember(const Endpoint& remote, const AcceptedSocket& socket) {
  common::MutexLock lock(mu_);
  const bool added = sockets_.insert_or_assign(remote, socket).second;
  if (!added) return;
  oldest_first_.push_back(remote);
  if (oldest_first_.size() <= capacity_) return;
  sockets_.erase(oldest_first_.front());
  oldest_first_.pop_front();
}

void AcceptedSockets::Close(const Endpoint& remote) const {
  const std::optional<AcceptedSocket> socket = Find(remote);
  if (!socket || socket->fd < 0 || socket->cookie == 0) return;
  if (common::SocketCookie(socket->fd) == socket->cookie) (void)shutdown(socket->fd, SHUT_RDWR);
}

std::optional<AcceptedSocket> AcceptedSockets::Find(const Endpoint& remote) const {
  common::MutexLock lock(mu_);
  const auto found = sockets_.find(remote);
  if (found == sockets_.end()) return std::nullopt;
  return found->second;
}

std::size_t AcceptedSockets::size() const {
  common::MutexLock lock(mu_);
  return sockets_.size();
}

std::shared_ptr<const core::Keepalive> AcceptedSockets::Intern(const core::Keepalive& keepalive) {
  common::MutexLock lock(mu_);
  if (last_keepalive_ == nullptr || last_keepalive_->tcp != keepalive.tcp) {
    last_keepalive_ = std::make_shared<const core::Keepalive>(keepalive);
  }
  return last_keepalive_;
}

}  // namespace liveness::net
