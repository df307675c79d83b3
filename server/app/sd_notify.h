// A word to systemd, where it asked for one ($NOTIFY_SOCKET). Thread-safe.
#pragma once

#include <string_view>

namespace liveness::app {

// E.g. "READY=1". Nothing happens without the variable; a failure is ignored.
void SdNotify(std::string_view state);

}  // namespace liveness::app
