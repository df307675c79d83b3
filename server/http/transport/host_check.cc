#include "server/http/transport/host_check.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "common/net/socket_address.h"
#include "common/strings.h"

namespace liveness::http {
namespace {

bool IsAddress(std::string_view host) {
  if (common::ParseIpv4(host)) return true;
  return host.size() > 2 && host.front() == '[' && host.back() == ']' &&
         common::ParseIpv6(host.substr(1, host.size() - 2));
}

bool IsNameCharacter(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_' || c == '.';
}

}  // namespace

bool IsOurHost(std::string_view host, const std::vector<std::string>& names) {
  const std::size_t colon = host.rfind(':');
  if (colon != std::string_view::npos && host.find(']', colon) == std::string_view::npos) {
    const std::string_view port = host.substr(colon + 1);
    if (!std::all_of(port.begin(), port.end(), [](char c) { return c >= '0' && c <= '9'; })) return false;
    host = host.substr(0, colon);
  }
  const std::string name(host);
  if (IsAddress(name)) return true;
  if (name.empty() || !std::all_of(name.begin(), name.end(), IsNameCharacter)) return false;
  if (name.find('.') == std::string::npos) return true;
  return std::any_of(names.begin(), names.end(), [&](const std::string& ours) {
    return absl::EqualsIgnoreCase(common::ToAbsl(ours), common::ToAbsl(name));
  });
}

std::string_view HostOfOrigin(std::string_view origin) {
  const std::size_t scheme = origin.find("://");
  return scheme == std::string_view::npos ? std::string_view() : origin.substr(scheme + 3);
}

}  // namespace liveness::http
