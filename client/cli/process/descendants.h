// A process and all that it has started, as /proc shows them. Linux.
#pragma once

#include <sys/types.h>

#include <vector>

namespace liveness::cli {

// All processes below `root`, without `root` itself, in no order. A process that starts or ends while /proc
// is read may be missing, so that a caller who ends a tree looks again until nothing is left.
std::vector<pid_t> Descendants(pid_t root);

// Sends `signal` to all processes below this one. Returns how many of them took it.
int SignalDescendants(int signal);

}  // namespace liveness::cli
