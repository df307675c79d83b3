#include "server/auth/audit/audit_event.h"

#include "common/strings.h"
#include "server/net/endpoint.h"

namespace liveness::auth {

std::string NetworkKey(std::string_view address) {
  const bool is_v6 = address.find(':') != std::string_view::npos;
  const auto endpoint =
      net::FromText(is_v6 ? common::StrCat("[", address, "]:1") : common::StrCat(address, ":1"));
  if (!endpoint) return std::string(address);  // a Unix socket, or not known
  const auto network = net::NetworkOf(*endpoint);
  return {network.begin(), network.end()};
}

std::string AuthorOf(const AuditEvent& event) {
  // A principal has printable characters alone, so that no network passes for one, nor the other way round.
  return event.principal.empty() ? common::StrCat(std::string_view("\0", 1), NetworkKey(event.address))
                                 : event.principal;
}

}  // namespace liveness::auth
