// The listening socket that gRPC made, seen from outside of gRPC. Thread-safe.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "common/tcp_keepalive.h"

namespace liveness::net {

// The keepalive values of this process's listening socket on `port`, read back.
// NOT_FOUND if it has none.
absl::StatusOr<common::TcpKeepalive> ReadListenerKeepalive(std::uint16_t port);

// Why `address` (HOST:PORT) cannot be listened on, found by trying, with a
// word on what to do.
std::string WhyNotListen(const std::string& address);

}  // namespace liveness::net
