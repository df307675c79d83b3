#include "server/net/listener.h"

#include <dirent.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "server/net/endpoint.h"

namespace liveness::net {
namespace {

bool ListensOn(int fd, std::uint16_t port) {
  int listens = 0;
  socklen_t size = sizeof(listens);
  if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) != 0 || listens == 0) return false;
  sockaddr_storage address{};
  size = sizeof(address);
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return false;
  const auto endpoint = FromSockaddr(address);
  return endpoint && endpoint->port == port;
}

// 0, or why the address cannot be bound.
int TryToListen(const addrinfo& address) {
  const int fd = socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return errno;
  const int on = 1;
  (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  const bool bound = bind(fd, address.ai_addr, address.ai_addrlen) == 0 && listen(fd, 1) == 0;
  const int error = bound ? 0 : errno;
  close(fd);
  return error;
}

}  // namespace

absl::StatusOr<common::TcpKeepalive> ReadListenerKeepalive(std::uint16_t port) {
  DIR* const directory = opendir("/proc/self/fd");
  if (directory == nullptr) return absl::NotFoundError("/proc/self/fd cannot be read");
  int found = -1;
  while (const dirent* entry = readdir(directory)) {
    const int fd = std::atoi(entry->d_name);
    if (fd > 2 && ListensOn(fd, port)) found = fd;
  }
  closedir(directory);
  if (found < 0) return absl::NotFoundError(absl::StrCat("no socket of this process listens on port ", port));
  const common::TcpKeepaliveReading reading = common::GetTcpKeepalive(found);
  if (reading.error) return absl::InternalError(reading.error.message());
  return reading.values;
}

std::string WhyNotListen(const std::string& address) {
  const auto colon = address.rfind(':');
  std::string host = address.substr(0, colon);
  const std::string port = colon == std::string::npos ? "" : address.substr(colon + 1);
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);

  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* addresses = nullptr;
  if (const int error = getaddrinfo(host.c_str(), port.c_str(), &hints, &addresses); error != 0) {
    return absl::StrCat("cannot listen on ", address, ": ", gai_strerror(error));
  }
  int error = 0;
  for (const addrinfo* each = addresses; each != nullptr && error == 0; each = each->ai_next) {
    error = TryToListen(*each);
  }
  freeaddrinfo(addresses);
  if (error == EADDRINUSE) {
    return absl::StrCat("cannot listen on ", address, ": port ", port,
                        " is in use; stop the process that has it (ss -ltnp shows which), or choose another "
                        "with --listen=HOST:PORT (port 0 picks a free one)");
  }
  return absl::StrCat("cannot listen on ", address, ": ",
                      error != 0 ? std::strerror(error) : "gRPC refused it");
}

}  // namespace liveness::net
