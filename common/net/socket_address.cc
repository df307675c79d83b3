#include "common/net/socket_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <cstring>

#include "common/strings.h"

namespace liveness::common {
namespace {

struct Parts {
  std::string address;  // empty: there is none
  in_port_t port = 0;
  bool is_ipv6 = false;
};

Parts PartsOf(const sockaddr& address) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address.sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &address, sizeof v4);
    inet_ntop(AF_INET, &v4.sin_addr, text, sizeof text);
    return {text, ntohs(v4.sin_port), false};
  }
  if (address.sa_family != AF_INET6) return {};
  sockaddr_in6 v6{};
  std::memcpy(&v6, &address, sizeof v6);
  const bool is_mapped = IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr);
  if (is_mapped) {
    inet_ntop(AF_INET, v6.sin6_addr.s6_addr + 12, text, sizeof text);
  } else {
    inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof text);
  }
  return {text, ntohs(v6.sin6_port), !is_mapped};
}

template <typename Address>
std::optional<Address> Parsed(int family, std::string_view text) {
  Address address{};
  if (text.find('\0') != std::string_view::npos) return std::nullopt;
  if (inet_pton(family, std::string(text).c_str(), &address) != 1) return std::nullopt;
  return address;
}

}  // namespace

std::optional<in_addr> ParseIpv4(std::string_view text) { return Parsed<in_addr>(AF_INET, text); }

std::optional<in6_addr> ParseIpv6(std::string_view text) { return Parsed<in6_addr>(AF_INET6, text); }

bool IsIpAddress(std::string_view text) { return ParseIpv4(text) || ParseIpv6(text); }

std::string AddressText(const sockaddr& address) { return PartsOf(address).address; }

std::string AddressAndPortText(const sockaddr& address) {
  const Parts parts = PartsOf(address);
  if (parts.address.empty()) return {};
  return parts.is_ipv6 ? StrCat("[", parts.address, "]:", parts.port)
                       : StrCat(parts.address, ":", parts.port);
}

}  // namespace liveness::common
