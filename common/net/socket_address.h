// Socket addresses as people write them. Pure, thread-safe.
#pragma once

#include <sys/socket.h>

#include <string>

namespace liveness::common {

// `192.0.2.1` or `2001:db8::1`, without the port; an IPv4 address that a dual-stack socket has (`::ffff:...`)
// as IPv4. Empty if it is neither. REQUIRES: `address` is as long as its family has it.
std::string AddressText(const sockaddr& address);

// The same with the port: `192.0.2.1:567`, `[2001:db8::1]:567`.
std::string AddressAndPortText(const sockaddr& address);

}  // namespace liveness::common
