// A name for a thread, for whoever looks at the process from outside: it is in
// /proc/PID/task/TID/comm, in `ps -L -o comm` and in `top -H`.
#pragma once

#include <string_view>

namespace liveness::common {

// Names the calling thread. Linux keeps 15 bytes of it; what the system refuses
// is left as it is.
void NameThisThread(std::string_view name);

}  // namespace liveness::common
