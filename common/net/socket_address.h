// Socket addresses as people write them, and what they wrote read. Pure, thread-safe.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <optional>
#include <string>
#include <string_view>

namespace liveness::common {

// `192.0.2.1` or `2001:db8::1`, without the port; an IPv4 address that a dual-stack socket has (`::ffff:...`)
// as IPv4. Empty if it is neither. REQUIRES: `address` is as long as its family has it.
std::string AddressText(const sockaddr& address);

// The same with the port: `192.0.2.1:567`, `[2001:db8::1]:567`.
std::string AddressAndPortText(const sockaddr& address);

// The address of `192.0.2.1`, of `2001:db8::1`: all of `text`, without brackets, a zone or a port. inet_pton
// would read up to a zero byte and take what stands before it.
std::optional<in_addr> ParseIpv4(std::string_view text);
std::optional<in6_addr> ParseIpv6(std::string_view text);

// Whether it is one of them.
bool IsIpAddress(std::string_view text);

}  // namespace liveness::common
