// Opens what the server listens on, as the flags say and systemd gave, and reads back what
// the kernel made of it.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/app/config/config.h"
#include "server/net/acceptor.h"
#include "server/net/listen.h"
#include "server/net/listen_socket.h"

namespace liveness::app {

net::ListenOptions MakeListenOptions(const Config& config);

struct Listeners {
  std::vector<net::ListenSocket> sockets;  // at least one
  std::string address;                     // of the first, with its real port: what people are told
  common::TcpKeepalive keepalive;          // of the TCP sockets; not enabled if there are none
};

// `inherited`: systemd's. With them the default of --listen is left alone. UNAVAILABLE if
// something is taken, FAILED_PRECONDITION if the kernel does not take the keepalive.
absl::StatusOr<Listeners> OpenListeners(const Config& config, std::vector<net::ListenSocket> inherited);

// How many the HTTP port may have: those asked for, as far as they are a small share of the limit of open
// files.
std::size_t MaxHttpConnections(const Config& config);

// How many connections there may be. FAILED_PRECONDITION if the limit of open files does not
// bear as many as are asked for, or none.
absl::StatusOr<std::size_t> MaxConnections(const Config& config);

// Whose notices go to the log; `on_error` is left to the caller.
net::AcceptorOptions MakeAcceptorOptions(const Config& config, std::size_t max_connections);

}  // namespace liveness::app
