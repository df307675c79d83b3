#include "server/core/fleet/scopes.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "common/net/socket_address.h"
#include "common/strings.h"

namespace liveness::core {
namespace {

// The address of `1.2.3.4:5` or `[::1]:5`, with its length in bytes; 0: it is none.
std::size_t ParseAddress(std::string_view text, std::array<unsigned char, 16>& address) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return 0;
  text = text.substr(0, colon);
  if (text.starts_with('[') && text.ends_with(']')) {
    const auto v6 = common::ParseIpv6(text.substr(1, text.size() - 2));
    if (!v6) return 0;
    std::memcpy(address.data(), &*v6, sizeof *v6);
    return sizeof *v6;
  }
  const auto v4 = common::ParseIpv4(text);
  if (!v4) return 0;
  std::memcpy(address.data(), &*v4, sizeof *v4);
  return sizeof *v4;
}

// The first `v4_bytes` of an IPv4 address, with `v4_suffix`, or an IPv6 one's /64.
std::string Network(std::string_view peer_address, std::ptrdiff_t v4_bytes, std::string_view v4_suffix) {
  std::array<unsigned char, 16> address{};
  const std::size_t bytes = ParseAddress(peer_address, address);
  if (bytes == 0) return {};
  const bool v4 = bytes == 4;
  std::fill(address.begin() + (v4 ? v4_bytes : 8), address.end(), 0);
  char text[INET6_ADDRSTRLEN] = "";
  if (inet_ntop(v4 ? AF_INET : AF_INET6, address.data(), text, sizeof(text)) == nullptr) return {};
  return common::StrCat(text, v4 ? v4_suffix : "/64");
}

}  // namespace

std::string SubnetOf(std::string_view peer_address) { return Network(peer_address, 3, "/24"); }

std::string VoiceOf(std::string_view principal, std::string_view peer_address) {
  return principal.empty() ? Network(peer_address, 4, "") : std::string(principal);
}

std::string VoiceOf(const ClientRecord& record) {
  return VoiceOf(record.info.principal(), record.info.peer_address());
}

bool HaveSameScopes(const ClientRecord& a, const ClientRecord& b,
                    const std::vector<std::string>& label_keys) {
  if (a.info.Is(b.info)) return true;
  return a.info.host() == b.info.host() && a.info.principal() == b.info.principal() &&
         a.info.peer_address() == b.info.peer_address() &&
         std::all_of(label_keys.begin(), label_keys.end(),
                     [&](const std::string& key) { return a.info.FindLabel(key) == b.info.FindLabel(key); });
}

std::vector<std::string> ScopesOf(const ClientRecord& record, const std::vector<std::string>& label_keys) {
  std::vector<std::string> scopes;
  scopes.reserve(3 + label_keys.size());
  scopes.emplace_back(kEveryone);
  if (const std::string_view host = record.info.host(); !host.empty()) {
    scopes.push_back(common::StrCat("host=", host));
  }
  if (const std::string subnet = SubnetOf(record.info.peer_address()); !subnet.empty()) {
    scopes.push_back(common::StrCat("subnet=", subnet));
  }
  for (const std::string& key : label_keys) {
    if (const auto value = record.info.FindLabel(key)) {
      scopes.push_back(common::StrCat("label ", key, "=", *value));
    }
  }
  return scopes;
}

}  // namespace liveness::core
