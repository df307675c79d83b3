#include "server/net/listen.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <iterator>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/net/endpoint.h"
#include "server/net/unix_listener.h"

namespace liveness::net {
namespace {

// Port 0 of a name with several addresses: the free port of the first may be taken at the next.
constexpr int kFreePortTries = 32;

struct Resolved {
  sockaddr_storage address{};

  socklen_t size() const {
    return address.ss_family == AF_INET6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
  }
  std::string Text() const { return ToText(FromSockaddr(address).value_or(Endpoint{})); }
  void SetPort(std::uint16_t port) {
    if (address.ss_family == AF_INET6) {
      reinterpret_cast<sockaddr_in6&>(address).sin6_port = htons(port);
    } else {
      reinterpret_cast<sockaddr_in&>(address).sin_port = htons(port);
    }
  }
};

int BacklogOf(const ListenOptions& options) { return options.backlog > 0 ? options.backlog : INT_MAX; }

bool IsWildcard6(const Resolved& where) {
  return where.address.ss_family == AF_INET6 &&
         IN6_IS_ADDR_UNSPECIFIED(&reinterpret_cast<const sockaddr_in6&>(where.address).sin6_addr);
}

// `error` is 0, or why there is no socket; `unset` is what could not be set on it.
struct Bound {
  std::optional<ListenSocket> socket;
  int error = 0;
  absl::Status unset;
};

Bound Bind(const Resolved& where, const ListenOptions& options) {
  const int fd = socket(where.address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return {std::nullopt, errno};
  Bound bound;
  bound.socket.emplace(fd, where.Text());
  const int on = 1;
  const int off = 0;
  (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (where.address.ss_family == AF_INET6) {
    const bool dual = IsWildcard6(where);
    (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, dual ? &off : &on, sizeof(on));
  }
  if (bind(fd, reinterpret_cast<const sockaddr*>(&where.address), where.size()) != 0) {
    return {std::nullopt, errno};
  }
  // Before it listens: what the kernel takes in from then on inherits it.
  bound.unset = PrepareListener(*bound.socket, options);
  if (!bound.unset.ok()) return bound;
  if (listen(fd, BacklogOf(options)) != 0) return {std::nullopt, errno};
  Resolved taken = where;
  taken.SetPort(bound.socket->port());
  bound.socket->SetText(taken.Text());
  return bound;
}

absl::Status Refused(const ListenAddress& address, const Resolved& where, int error) {
  const std::string text = where.Text();
  const std::string whole =
      address.text == text ? text : absl::StrCat(address.text, " (it is ", text, " too)");
  if (error == EADDRINUSE) {
    return absl::UnavailableError(
        absl::StrCat("cannot listen on ", whole, ": port ", FromSockaddr(where.address)->port,
                     " is in use; stop the process that has it (ss -ltnp shows which), or choose another "
                     "with --listen=HOST:PORT (port 0 picks a free one)"));
  }
  return absl::UnavailableError(
      absl::StrCat("cannot listen on ", whole, ": ", std::strerror(error), "; see --listen"));
}

bool IsNotHere(int error) { return error == EADDRNOTAVAIL || error == EAFNOSUPPORT; }

// One try at all addresses of a name. `retry`: the port that the first picked is taken at another.
absl::StatusOr<std::vector<ListenSocket>> TryName(const ListenAddress& address, std::vector<Resolved> all,
                                                  const ListenOptions& options, bool& retry) {
  std::vector<ListenSocket> sockets;
  absl::Status missing;
  for (Resolved& where : all) {
    if (address.port == 0 && !sockets.empty()) where.SetPort(sockets.front().port());
    Bound bound = Bind(where, options);
    if (bound.error == EAFNOSUPPORT && IsWildcard6(where)) {
      Resolved any4;
      auto& v4 = reinterpret_cast<sockaddr_in&>(any4.address);
      v4.sin_family = AF_INET;
      v4.sin_port = htons(address.port);
      bound = Bind(any4, options);
    }
    if (!bound.unset.ok()) return bound.unset;
    if (bound.error != 0) {
      absl::Status refused = Refused(address, where, bound.error);
      retry = bound.error == EADDRINUSE && address.port == 0 && !sockets.empty();
      if (!IsNotHere(bound.error)) return refused;
      missing = std::move(refused);
      continue;
    }
    sockets.push_back(*std::move(bound.socket));
  }
  if (sockets.empty()) return missing;
  if (!missing.ok() && options.on_notice) options.on_notice(std::string(missing.message()));
  return sockets;
}

absl::StatusOr<std::vector<ListenSocket>> ListenOnName(const ListenAddress& address,
                                                       const ListenOptions& options) {
  const auto found = options.resolve(address);
  if (!found.ok()) return found.status();
  std::vector<Resolved> resolved;
  for (const sockaddr_storage& each : *found) resolved.push_back({each});
  bool retry = true;
  absl::StatusOr<std::vector<ListenSocket>> sockets = absl::UnavailableError(address.text);
  for (int i = 0; i < kFreePortTries && retry; ++i) {
    retry = false;
    sockets = TryName(address, resolved, options, retry);
  }
  return sockets;
}

}  // namespace

absl::StatusOr<std::vector<sockaddr_storage>> ResolveByName(const ListenAddress& address) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* first = nullptr;
  const std::string port = std::to_string(address.port);
  if (const int error = getaddrinfo(address.host.c_str(), port.c_str(), &hints, &first); error != 0) {
    return absl::UnavailableError(
        absl::StrCat("cannot listen on ", address.text, ": ", gai_strerror(error), "; see --listen"));
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owned(first, freeaddrinfo);
  std::vector<sockaddr_storage> found;
  for (const addrinfo* each = first; each != nullptr; each = each->ai_next) {
    sockaddr_storage one{};
    std::memcpy(&one, each->ai_addr, each->ai_addrlen);
    // A hosts file may name one address twice.
    const bool known = std::any_of(found.begin(), found.end(), [&](const sockaddr_storage& other) {
      return FromSockaddr(other) == FromSockaddr(one);
    });
    if (!known && FromSockaddr(one)) found.push_back(one);
  }
  return found;
}

absl::Status PrepareListener(const ListenSocket& listener, const ListenOptions& options) {
  (void)fcntl(listener.fd(), F_SETFD, FD_CLOEXEC);
  const int flags = fcntl(listener.fd(), F_GETFL);
  if (flags < 0 || fcntl(listener.fd(), F_SETFL, flags | O_NONBLOCK) != 0) {
    return absl::UnavailableError(
        absl::StrCat("cannot listen on ", listener.text(), ": ", std::strerror(errno)));
  }
  if (!listener.is_tcp()) return absl::OkStatus();
  const int on = 1;
  (void)setsockopt(listener.fd(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  if (const std::error_code error = common::SetTcpKeepalive(listener.fd(), options.keepalive)) {
    return absl::FailedPreconditionError(
        absl::StrCat("TCP keepalive: the kernel did not take the values for ", listener.text(), " (",
                     error.message(), "); see the --tcp-keepalive flags"));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<ListenSocket>> Listen(const std::vector<ListenAddress>& addresses,
                                                 const ListenOptions& options) {
  std::vector<ListenSocket> all;
  for (const ListenAddress& address : addresses) {
    if (address.is_unix()) {
      auto socket = ListenOnUnix(address.unix_path, options.unix_mode, BacklogOf(options));
      if (!socket.ok()) return absl::UnavailableError(socket.status().message());
      all.push_back(*std::move(socket));
      continue;
    }
    auto sockets = ListenOnName(address, options);
    if (!sockets.ok()) return sockets.status();
    std::move(sockets->begin(), sockets->end(), std::back_inserter(all));
  }
  return all;
}

}  // namespace liveness::net
