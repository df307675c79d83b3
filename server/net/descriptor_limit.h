// How many files this process may have open, and how many connections that is. Thread-safe.
#pragma once

#include <cstddef>

namespace liveness::net {

// The soft limit of open files (RLIMIT_NOFILE) as it is now.
std::size_t DescriptorLimit();

// Descriptors that are open now, or 0 if /proc cannot be read.
std::size_t OpenDescriptors();

// The most connections that fit into `limit` descriptors of which `open` are taken, less a
// reserve for everything else that this process opens by and by (the store's files, its own
// canary, connections that are being closed): an eighth of the limit, 40 to 1024.
// 0 if there is no room for any.
std::size_t ConnectionsWithin(std::size_t limit, std::size_t open);

}  // namespace liveness::net
