// How much memory a process takes, and how much it may.
#pragma once

#include <sys/types.h>

namespace liveness::testing {

// Resident, in MiB; 0 if there is no such process.
long ResidentMiB(pid_t pid);

// What a process of this build may take that may take `mib` of its own. A sanitizer takes
// more beside it: asan for the edges of what is allocated and 64 MiB of what is freed, tsan
// some five times all that is touched.
long MayTakeMiB(long mib);

}  // namespace liveness::testing
