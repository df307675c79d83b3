// A Unix socket that listens on a path of the file system.
#pragma once

#include <sys/types.h>

#include <string>

#include "absl/status/statusor.h"
#include "server/net/listen_socket.h"

namespace liveness::net {

// Binds and listens on `path`, whose permissions are `mode` from its first moment on,
// whatever the umask. A socket file that is left of a server that is gone is replaced;
// ALREADY_EXISTS if somebody listens there, FAILED_PRECONDITION if the path is anything
// but a socket, INTERNAL for the rest, each with the path and a word on what to do.
// Two servers that start at one moment do not take each other's file for a left one:
// the directory is locked meanwhile.
absl::StatusOr<ListenSocket> ListenOnUnix(const std::string& path, mode_t mode, int backlog);

}  // namespace liveness::net
