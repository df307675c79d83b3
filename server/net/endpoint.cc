#include "server/net/endpoint.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "common/net/socket_address.h"

namespace liveness::net {
namespace {

constexpr std::array<std::uint8_t, 12> kMappedPrefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

Endpoint FromIpv4(const in_addr& address, std::uint16_t port) {
  Endpoint endpoint;
  std::copy(kMappedPrefix.begin(), kMappedPrefix.end(), endpoint.address.begin());
  std::memcpy(endpoint.address.data() + kMappedPrefix.size(), &address, sizeof(address));
  endpoint.port = port;
  return endpoint;
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string PercentDecoded(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && HexDigit(text[i + 1]) >= 0 && HexDigit(text[i + 2]) >= 0) {
      decoded.push_back(static_cast<char>(HexDigit(text[i + 1]) * 16 + HexDigit(text[i + 2])));
      i += 2;
    } else {
      decoded.push_back(text[i]);
    }
  }
  return decoded;
}

}  // namespace

bool IsIpv4(const Endpoint& endpoint) {
  return std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), endpoint.address.begin());
}

bool IsLoopback(const Endpoint& endpoint) {
  constexpr std::size_t kFirstOfIpv4 = kMappedPrefix.size();
  if (IsIpv4(endpoint)) return endpoint.address[kFirstOfIpv4] == 127;
  constexpr std::array<std::uint8_t, 16> kLoopback = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  return endpoint.address == kLoopback;
}

std::optional<Endpoint> FromSockaddr(const sockaddr_storage& address) {
  if (address.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    return FromIpv4(v4.sin_addr, ntohs(v4.sin_port));
  }
  if (address.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
    Endpoint endpoint;
    std::memcpy(endpoint.address.data(), &v6.sin6_addr, endpoint.address.size());
    endpoint.port = ntohs(v6.sin6_port);
    return endpoint;
  }
  return std::nullopt;
}

std::array<std::uint8_t, 16> NetworkOf(const Endpoint& endpoint) {
  std::array<std::uint8_t, 16> network = endpoint.address;
  if (!IsIpv4(endpoint)) std::fill(network.begin() + 8, network.end(), std::uint8_t{0});
  return network;
}

std::optional<Endpoint> FromGrpcPeer(std::string_view peer) {
  const bool is_v4 = peer.starts_with("ipv4:");
  if (!is_v4 && !peer.starts_with("ipv6:")) return std::nullopt;
  const std::string text = PercentDecoded(peer.substr(5));
  const auto colon = text.rfind(':');
  if (colon == std::string::npos) return std::nullopt;

  std::uint16_t port = 0;
  const char* const end = text.data() + text.size();
  const auto [parsed, error] = std::from_chars(text.data() + colon + 1, end, port);
  if (error != std::errc() || parsed != end) return std::nullopt;

  std::string host = text.substr(0, colon);
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  host = host.substr(0, host.find('%'));

  if (is_v4) {
    const auto v4 = common::ParseIpv4(host);
    return v4 ? std::optional(FromIpv4(*v4, port)) : std::nullopt;
  }
  const auto v6 = common::ParseIpv6(host);
  if (!v6) return std::nullopt;
  Endpoint endpoint;
  endpoint.port = port;
  std::copy(std::begin(v6->s6_addr), std::end(v6->s6_addr), endpoint.address.begin());
  return endpoint;
}

std::optional<Endpoint> FromText(std::string_view text) {
  return FromGrpcPeer(std::string(text.starts_with('[') ? "ipv6:" : "ipv4:").append(text));
}

std::string AddressText(const Endpoint& endpoint) {
  char text[INET6_ADDRSTRLEN] = "";
  if (IsIpv4(endpoint)) {
    inet_ntop(AF_INET, endpoint.address.data() + kMappedPrefix.size(), text, sizeof(text));
  } else {
    inet_ntop(AF_INET6, endpoint.address.data(), text, sizeof(text));
  }
  return text;
}

std::string ToText(const Endpoint& endpoint) {
  const std::string address = AddressText(endpoint);
  const std::string port = std::to_string(endpoint.port);
  return IsIpv4(endpoint) ? address + ":" + port : "[" + address + "]:" + port;
}

}  // namespace liveness::net
