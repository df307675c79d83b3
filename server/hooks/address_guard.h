// Which addresses a hook may not go to unless it is allowed to: all that are not public. A server that posts
// wherever a name leads would let whoever answers for the name reach what only the server can reach.
//
// Looked at for each connection, after the name was resolved: an answer that changes between two look-ups
// changes nothing. IPv6 addresses that stand for an IPv4 one (mapped, 6to4, NAT64) are judged by that one.
//
// Pure, thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <sys/socket.h>

namespace liveness::hooks {

// What kind of address it is, for people ("a loopback address"); nothing if it is public.
// REQUIRES: `address` is as long as its family's is.
std::optional<std::string_view> WhyNotPublic(const sockaddr& address);

// The same of an address as text; nothing too for what is none.
std::optional<std::string_view> WhyNotPublic(const std::string& address);

// `192.0.2.1`, `2001:db8::1`, `[::1]` or `fe80::1%eth0` (the zone is left out); nothing for what is no
// address.
std::optional<sockaddr_storage> ParseAddress(const std::string& text);

}  // namespace liveness::hooks
