#include "server/net/own_connections.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

namespace liveness::net {
void OwnConnections::BeforeConnect(int fd) {
  int family = 0;
  socklen_t size = sizeof(family);
  if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &size) != 0) return;
  if (family != AF_INET && family != AF_INET6) return;
  // With it another process could bind the same port.
  const int off = 0;
  (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &off, sizeof(off));
  sockaddr_storage any{};
  any.ss_family = static_cast<sa_family_t>(family);
  size = family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
  if (bind(fd, reinterpret_cast<const sockaddr*>(&any), size) != 0) return;
  size = sizeof(any);
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&any), &size) != 0) return;
  const auto bound = FromSockaddr(any);
  if (!bound) return;
  common::MutexLock lock(mu_);
  ports_.push_back(bound->port);
  if (ports_.size() > kMost) ports_.pop_front();
}

bool OwnConnections::Take(int fd, const Endpoint* local, const Endpoint* remote) {
  if (local == nullptr || remote == nullptr) {
    ucred peer{};
    socklen_t size = sizeof(peer);
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.pid == getpid();
  }
  if (!IsLoopback(*remote) && remote->address != local->address) return false;
  common::MutexLock lock(mu_);
  const auto found = std::find(ports_.begin(), ports_.end(), remote->port);
  if (found == ports_.end()) return false;
  ports_.erase(found);
  return true;
}

}  // namespace liveness::net
