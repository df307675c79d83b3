// A socket's own end, as text.
#pragma once

#include <string>

namespace liveness::internal {

// "10.0.0.7:41234", "[2001:db8::7]:41234"; empty if `fd` is no connected TCP
// socket. Thread-safe.
std::string LocalAddress(int fd);

}  // namespace liveness::internal
