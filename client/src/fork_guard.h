// Keeps a forked child from holding its parent's connections open.
//
// A child inherits every socket. While it lives, the kernel does not close the
// parent's connection when the parent dies, and the server would take the dead
// parent for a silent one. A pthread_atfork handler therefore puts /dev/null in
// the place of each tracked socket in the child: the descriptor's number stays
// taken, so nothing else of the child can be hit by a late close.
//
// Thread-safe. One per process.
#pragma once

#include <cstdint>

namespace liveness::internal {

// Remembers the socket `fd`, not yet connected or connected. Nobody need tell
// of the close, because a socket is known by its kernel cookie: a number that
// has since been given to another file is left alone.
void TrackSocket(int fd);

// Grows in each forked child: an object that was made in another generation
// belongs to an ancestor, and no lock of it may be touched.
std::uint64_t ForkGeneration();

// From now on ForkGeneration() counts. REQUIRES: no socket was tracked yet
void InstallForkHandlers();

}  // namespace liveness::internal
