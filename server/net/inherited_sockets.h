// The sockets that systemd opened for this process (socket activation: LISTEN_FDS,
// LISTEN_PID, LISTEN_FDNAMES; sd_listen_fds(3)).
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "server/net/listen.h"
#include "server/net/listen_socket.h"

namespace liveness::net {

// Takes them over, prepared by `options`, and removes the variables, so that no child
// takes them for its own. Empty if there are none, or if they are meant for another
// process. INVALID_ARGUMENT, naming the descriptor and its name, if one is not a stream
// socket that listens, or if the variables make no sense.
// REQUIRES: called once, before other threads read the environment.
absl::StatusOr<std::vector<ListenSocket>> TakeInheritedSockets(const ListenOptions& options);

}  // namespace liveness::net
