#include "server/net/listen_address.h"

#include <sys/un.h>

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/strings.h"

namespace liveness::net {
namespace {

absl::Status Wrong(std::string_view text) {
  return absl::InvalidArgumentError(absl::StrCat(common::ToAbsl(text), ": must be HOST:PORT or unix:PATH"));
}

}  // namespace

absl::StatusOr<ListenAddress> ParseListenAddress(std::string_view text) {
  ListenAddress address;
  address.text = std::string(text);
  if (text.starts_with(kUnixPrefix)) {
    address.unix_path = std::string(text.substr(kUnixPrefix.size()));
    if (address.unix_path.empty()) return Wrong(text);
    if (address.unix_path.size() >= sizeof(sockaddr_un::sun_path)) {
      return absl::InvalidArgumentError(absl::StrCat(address.text, ": a socket's path has at most ",
                                                     sizeof(sockaddr_un::sun_path) - 1, " bytes"));
    }
    return address;
  }
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return Wrong(text);
  const std::string_view port = text.substr(colon + 1);
  const bool digits = std::all_of(port.begin(), port.end(), [](char c) { return c >= '0' && c <= '9'; });
  std::uint32_t number = 0;
  if (port.empty() || port.size() > 5 || !digits || !absl::SimpleAtoi(common::ToAbsl(port), &number) ||
      number > 65535) {
    return Wrong(text);
  }
  address.port = static_cast<std::uint16_t>(number);
  std::string_view host = text.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  address.host = std::string(host);
  return address;
}

absl::StatusOr<std::vector<ListenAddress>> ParseListenAddresses(std::string_view list) {
  std::vector<ListenAddress> addresses;
  for (const auto& part : absl::StrSplit(common::ToAbsl(list), ',')) {
    auto address = ParseListenAddress(std::string_view(part.data(), part.size()));
    if (!address.ok()) return address.status();
    addresses.push_back(*std::move(address));
  }
  return addresses;
}

std::string WithPort(const ListenAddress& address, std::uint16_t port) {
  return absl::StrCat(address.text.substr(0, address.text.rfind(':')), ":", port);
}

}  // namespace liveness::net
