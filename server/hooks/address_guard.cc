#include "server/hooks/address_guard.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <iterator>

#include "common/net/socket_address.h"

namespace liveness::hooks {
namespace {

constexpr std::string_view kLoopback = "a loopback address";
constexpr std::string_view kPrivate = "a private address";
constexpr std::string_view kLinkLocal = "a link-local address";
constexpr std::string_view kDocumentation = "an address for documentation";
constexpr std::string_view kMulticast = "a multicast address";
constexpr std::string_view kUnspecified = "the unspecified address";
constexpr std::string_view kReserved = "a reserved address";

constexpr std::uint32_t V4(std::uint32_t a, std::uint32_t b, std::uint32_t c, std::uint32_t d) {
  return a << 24 | b << 16 | c << 8 | d;
}

struct Range4 {
  std::uint32_t first;
  int bits;
  std::string_view kind;
};
// IANA's special-purpose addresses that are not globally reachable, and a metadata service on a public one.
constexpr Range4 kRanges4[] = {
    {V4(0, 0, 0, 0), 32, kUnspecified},
    {V4(0, 0, 0, 0), 8, kReserved},
    {V4(10, 0, 0, 0), 8, kPrivate},
    {V4(100, 64, 0, 0), 10, "an address of a carrier's NAT"},
    {V4(127, 0, 0, 0), 8, kLoopback},
    {V4(168, 63, 129, 16), 32, "a cloud's metadata service"},
    {V4(169, 254, 0, 0), 16, kLinkLocal},
    {V4(172, 16, 0, 0), 12, kPrivate},
    {V4(192, 0, 0, 0), 24, kReserved},
    {V4(192, 0, 2, 0), 24, kDocumentation},
    {V4(192, 88, 99, 0), 24, kReserved},
    {V4(192, 168, 0, 0), 16, kPrivate},
    {V4(198, 18, 0, 0), 15, "an address for benchmarks"},
    {V4(198, 51, 100, 0), 24, kDocumentation},
    {V4(203, 0, 113, 0), 24, kDocumentation},
    {V4(224, 0, 0, 0), 4, kMulticast},
    {V4(255, 255, 255, 255), 32, "the broadcast address"},
    {V4(240, 0, 0, 0), 4, kReserved},
};

std::optional<std::string_view> WhyNotPublic4(std::uint32_t address) {
  for (const Range4& range : kRanges4) {
    if ((address ^ range.first) >> (32 - range.bits) == 0) return range.kind;
  }
  return std::nullopt;
}

using Bytes = std::array<std::uint8_t, 16>;

struct Range6 {
  Bytes first;
  int bits;
  std::string_view kind;
};
// Only 2000::/3 is for the world; these are what is to be told apart, in it and outside.
constexpr Range6 kRanges6[] = {
    {{}, 128, kUnspecified},
    {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 128, kLoopback},
    {{0xfc}, 7, kPrivate},
    {{0xfe, 0x80}, 10, kLinkLocal},
    {{0xfe, 0xc0}, 10, kPrivate},  // site-local, as they once were
    {{0xff}, 8, kMulticast},
    {{0x20, 0x01, 0x0d, 0xb8}, 32, kDocumentation},
    {{0x3f, 0xff, 0x00}, 20, kDocumentation},
    {{0x20, 0x01, 0x00}, 23, kReserved},  // Teredo and other protocols' own
};
// Behind these prefixes stands an IPv4 address: its place in bytes.
struct Embedded {
  Bytes first;
  int bits;
  std::size_t at;
};
constexpr Embedded kEmbedded[] = {
    {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 96, 12},  // mapped
    {{0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 96, 12},        // translated (SIIT)
    {{0x00, 0x64, 0xff, 0x9b}, 96, 12},                    // NAT64
    {{0x20, 0x02}, 16, 2},                                 // 6to4
};

bool Begins(const Bytes& address, const Bytes& first, int bits) {
  const auto whole = static_cast<std::size_t>(bits / 8);
  if (!std::equal(first.begin(), first.begin() + whole, address.begin())) return false;
  return bits % 8 == 0 || (address[whole] ^ first[whole]) >> (8 - bits % 8) == 0;
}

std::optional<std::string_view> WhyNotPublic6(const Bytes& address) {
  for (const Range6& range : kRanges6) {
    if (Begins(address, range.first, range.bits)) return range.kind;
  }
  for (const Embedded& embedded : kEmbedded) {
    if (!Begins(address, embedded.first, embedded.bits)) continue;
    const std::uint8_t* const v4 = address.data() + embedded.at;
    return WhyNotPublic4(V4(v4[0], v4[1], v4[2], v4[3]));
  }
  return address[0] >> 5 == 1 ? std::nullopt : std::optional(kReserved);
}

}  // namespace

std::optional<std::string_view> WhyNotPublic(const sockaddr& address) {
  if (address.sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &address, sizeof v4);
    return WhyNotPublic4(ntohl(v4.sin_addr.s_addr));
  }
  if (address.sa_family != AF_INET6) return "no address of the Internet";
  sockaddr_in6 v6{};
  std::memcpy(&v6, &address, sizeof v6);
  Bytes bytes;
  std::copy(std::begin(v6.sin6_addr.s6_addr), std::end(v6.sin6_addr.s6_addr), bytes.begin());
  return WhyNotPublic6(bytes);
}

std::optional<std::string_view> WhyNotPublic(const std::string& address) {
  const auto parsed = ParseAddress(address);
  return parsed ? WhyNotPublic(reinterpret_cast<const sockaddr&>(*parsed)) : std::nullopt;
}

std::optional<sockaddr_storage> ParseAddress(const std::string& text) {
  sockaddr_storage address{};
  std::string inner = text;
  if (inner.size() > 2 && inner.front() == '[' && inner.back() == ']')
    inner = inner.substr(1, inner.size() - 2);
  inner = inner.substr(0, inner.find('%'));
  if (const auto v4 = common::ParseIpv4(text)) {
    const sockaddr_in socket{.sin_family = AF_INET, .sin_addr = *v4};
    std::memcpy(&address, &socket, sizeof socket);
  } else if (const auto v6 = common::ParseIpv6(inner)) {
    const sockaddr_in6 socket{.sin6_family = AF_INET6, .sin6_addr = *v6};
    std::memcpy(&address, &socket, sizeof socket);
  } else {
    return std::nullopt;
  }
  return address;
}

}  // namespace liveness::hooks
