// One end of a TCP connection, compact and in one spelling: an IPv4 address is
// kept as its IPv4-mapped IPv6 address, which is how a dual-stack listener sees it.
#pragma once

#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace liveness::net {

struct Endpoint {
  std::array<std::uint8_t, 16> address{};
  std::uint16_t port = 0;

  bool operator==(const Endpoint&) const = default;
  template <typename H>
  friend H AbslHashValue(H state, const Endpoint& endpoint) {
    return H::combine(std::move(state), endpoint.address, endpoint.port);
  }
};

// True for an address that is kept in its mapped form.
bool IsIpv4(const Endpoint& endpoint);
// 127.0.0.0/8 or ::1: no other host reaches it.
bool IsLoopback(const Endpoint& endpoint);

// What one host is given, and what bounds per address count by: an IPv4 address, or an IPv6 one's /64.
std::array<std::uint8_t, 16> NetworkOf(const Endpoint& endpoint);

// Nothing for any family but IPv4 and IPv6.
std::optional<Endpoint> FromSockaddr(const sockaddr_storage& address);

// As gRPC spells a peer: `ipv4:1.2.3.4:567`, `ipv6:%5B::1%5D:567`, also
// `ipv6:[::1]:567`; a scope (`%25eth0`) is left out. Nothing for `unix:` and the like.
std::optional<Endpoint> FromGrpcPeer(std::string_view peer);

// `1.2.3.4:567` or `[::1]:567`, as ToText() writes it.
std::optional<Endpoint> FromText(std::string_view text);

// `1.2.3.4:567` or `[::1]:567`.
std::string ToText(const Endpoint& endpoint);

// The same without the port.
std::string AddressText(const Endpoint& endpoint);

}  // namespace liveness::net
