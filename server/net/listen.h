// Opens the sockets that the server listens on: all that were asked for, or none.
#pragma once

#include <sys/socket.h>
#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/tcp_keepalive.h"
#include "server/net/listen_address.h"
#include "server/net/listen_socket.h"

namespace liveness::net {

// All addresses of HOST:PORT, each once; UNAVAILABLE with the resolver's word.
absl::StatusOr<std::vector<sockaddr_storage>> ResolveByName(const ListenAddress& address);

struct ListenOptions {
  common::TcpKeepalive keepalive;  // set on each TCP socket, and inherited by what it accepts
  int backlog = 0;                 // connections that wait to be accepted; 0: as many as the kernel allows
  mode_t unix_mode = 0660;         // permissions of a Unix socket's file
  // A word for the log: an address of a name that this machine does not have.
  std::function<void(const std::string&)> on_notice;
  // Tests have names of their own.
  std::function<absl::StatusOr<std::vector<sockaddr_storage>>(const ListenAddress&)> resolve = ResolveByName;
};

// Listens on every address that each of `addresses` resolves to; on port 0 of a name, on
// the same port at all of them. `[::]` takes IPv4 too, and is `0.0.0.0` where the kernel
// has no IPv6. In the order asked for.
//
// UNAVAILABLE, and nothing listens, if one of them is taken or cannot be had: the message
// names it. Of a name's several addresses those that the machine does not have (a `::1`
// without IPv6) are left out.
absl::StatusOr<std::vector<ListenSocket>> Listen(const std::vector<ListenAddress>& addresses,
                                                 const ListenOptions& options);

// What Listen() sets on its sockets, for one that was opened elsewhere: close on exec, not
// blocking, and for TCP the keepalive and no delay of small packets.
absl::Status PrepareListener(const ListenSocket& listener, const ListenOptions& options);

}  // namespace liveness::net
