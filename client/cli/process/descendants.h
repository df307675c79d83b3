// A process and all that it has started, as /proc shows them. Linux.
#pragma once

#include <sys/types.h>

#include <vector>

namespace liveness::cli {

// All processes below `root`, in no order; without itself. What starts and ends while /proc is read
// may be missing: whoever ends a tree looks again until nothing is left.
std::vector<pid_t> Descendants(pid_t root);

// Sends `signal` to all processes below ours. How many of them took it.
int SignalDescendants(int signal);

}  // namespace liveness::cli
